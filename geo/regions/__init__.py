"""The regions that caretower knows how to build."""
