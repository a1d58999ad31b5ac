"""What would other rules have done? Recorded calls through two sets of playbooks."""
