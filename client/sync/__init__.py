"""Sync with the server, as docs/protocol.md says; it knows no screen."""
