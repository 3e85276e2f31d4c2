"""Edge models to inside values and back; pure, and the only place that knows both."""
