"""The demo region: fictional participants on the real map of Utah."""
