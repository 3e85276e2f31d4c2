"""`make chaos`: the living region under faults, and the proof that nothing was lost."""
