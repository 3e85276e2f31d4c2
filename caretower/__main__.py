"""`python -m caretower`."""

from caretower.cli import main

main()
