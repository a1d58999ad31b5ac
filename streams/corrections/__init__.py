"""The trainers' queue: what was called wrong or is uncertain, and the right labels for it."""
