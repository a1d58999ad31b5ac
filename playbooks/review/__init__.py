"""Reviewing playbooks: their own tests, mutation tests, and what a change does."""
