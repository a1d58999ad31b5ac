"""Training the topic model: what a line is about by its wording as a whole."""
