"""Who may see and ask: HTTP, websockets, accounts, audiences."""
