"""Advise: readings become a mood, and moods and events become alerts."""
