"""What happened: journal, recorder of facts, outbox of promises, verifier, audit."""
