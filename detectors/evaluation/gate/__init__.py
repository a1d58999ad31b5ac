"""What the speech gate lets through, and what it keeps."""
