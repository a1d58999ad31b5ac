"""What should the agent do? Rules and advice as data, and the pure engine that runs them."""
