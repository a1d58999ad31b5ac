"""What every page of callmood shares: its frame, its words in each language, its guards."""
