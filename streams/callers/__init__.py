"""Returning callers: what is remembered of a caller's earlier calls."""
