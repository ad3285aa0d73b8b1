"""The verbs of the screens: a filled-in form becomes a mutation's arguments, and is recorded.

Each returns what the person may want to undo or see; a `RefusedError` leaves form and draft whole.
"""
