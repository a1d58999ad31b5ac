"""The conditions of playbooks: what each asks of a call."""
