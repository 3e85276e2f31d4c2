"""A synthetic region: one world model, driven live through the public doors or in virtual time."""
