"""Scheduled rides to appointments and home: asked, planned, driven. Promises, each on record."""
