"""What we promise now: crisis requests, triage, deadlines, recommend → accept → carry out."""
