"""Ingest: gateways turn what a call centre has into calls in the pipeline."""
