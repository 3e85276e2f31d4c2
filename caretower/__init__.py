"""The front door: command line, settings, wiring, launchers, migrations."""
