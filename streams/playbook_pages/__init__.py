"""The playbooks, for people to read: what is in force, and what is wrong with what is not."""
