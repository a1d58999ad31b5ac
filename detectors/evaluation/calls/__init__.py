"""Whole calls through the voice detector: recorded ones, and ones made from clips."""
