"""Training the text detector."""
