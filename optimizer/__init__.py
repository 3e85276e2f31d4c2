"""What would be best: a pure solver of the coupled team, van and bed problem."""
