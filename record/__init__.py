"""What happened: journal, recorder of facts, outbox of promises, verifier, audit."""

from record.actor import Actor

__all__ = ["Actor"]
