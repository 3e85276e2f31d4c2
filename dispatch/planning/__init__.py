"""The plan of a region: what the optimizer is asked, and its answer in words for the consoles."""
