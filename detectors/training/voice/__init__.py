"""Training the voice detector."""
