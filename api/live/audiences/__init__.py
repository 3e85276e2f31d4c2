"""What each audience may see. An event reaches nobody except through one of these."""
