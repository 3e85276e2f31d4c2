"""Scheduled rides with shared vans: who rides with whom, in which order, and when."""
