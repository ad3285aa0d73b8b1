"""The field app: one Flet client for the browser, the phone and the desktop."""
