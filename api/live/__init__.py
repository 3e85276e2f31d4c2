"""What is true now, live: one replica a process, one projection an audience, one frame for all."""
