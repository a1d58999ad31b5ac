"""Plain baselines to compare our models with, on the same splits."""
