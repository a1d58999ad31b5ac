"""Phrases, patterns and word lists: what a playbook looks for in a transcript line."""
