"""The replay gateway: recordings become calls."""
