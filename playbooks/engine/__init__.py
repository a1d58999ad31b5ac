"""The playbook engine: state and event in, state and alerts out."""
