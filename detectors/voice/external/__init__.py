"""A site's own voice model: its description, its detector, and the suite it must pass."""
