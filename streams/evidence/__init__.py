"""Sealed evidence: everything known of a call in one file that shows whether it was changed."""
