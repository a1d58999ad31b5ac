"""Measures the real line, and beside it the same work without Kafka and Faust."""
