"""Every message of the pipeline, typed. `streams.topics` says which topic carries which."""
