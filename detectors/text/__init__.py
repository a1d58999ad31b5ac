"""Text: normalising, the emotion lexicon (감정 사전), the text-emotion model."""
