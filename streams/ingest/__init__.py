"""Ingest: gateways turn what a call centre has into calls on the line."""
