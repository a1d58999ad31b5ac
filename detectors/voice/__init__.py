"""Voice: endpointing, running normalisation, the voice-tone model."""
