"""Durable, encrypted storage on the phone: vault, outbox, replica, drafts."""
