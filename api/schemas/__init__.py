"""What the doors say and hear: Pydantic models of the HTTP edge, one file a subject."""
