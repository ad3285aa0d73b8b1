"""What is said when a form was recorded: that it is on the phone, and where to look at it."""

from __future__ import annotations

from client.state import App
from client.strings import Words

__all__ = ["close_discarded", "close_saved"]


def close_saved(app: App, words: Words, said: str, where: str) -> None:
    """Close the form, say the text of *said*, and offer to open *where*."""
    app.navigation.back()
    app.tell(
        words(said),
        tone="good",
        action=words("lead.look"),
        on_action=lambda: app.navigation.open(where),
    )


def close_discarded(app: App, words: Words) -> None:
    """Close the form of a customer who did not agree: nothing was kept."""
    app.navigation.back()
    app.tell(words("consent.refused_done"))
