"""What is true now: beds, slots, vans and teams on a Redis or Valkey server."""
