"""The doors: one router a subject. A handler asks who, translates, calls one service."""
