"""The conditions of playbooks: what each asks of a call, one class in one file."""
