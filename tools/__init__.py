"""What developers run: environment, lock files, checks. Nothing here is shipped."""
