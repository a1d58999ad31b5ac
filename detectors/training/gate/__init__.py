"""Training of the speech gate."""
