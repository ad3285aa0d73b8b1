"""The server: decides what phones ask for, keeps it, and tells each phone what it may know."""
