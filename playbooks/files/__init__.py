"""Playbook files: found, parsed, locked, described by a schema."""
