"""What is said when a form was recorded: that it is on the phone, and where to look at it."""

from __future__ import annotations

from client.form import Form
from client.state import App
from client.strings import Words

__all__ = ["close_discarded", "close_saved"]


def close_saved(app: App, words: Words, said: str, where: str) -> None:
    """Close the form, say the text of *said*, and offer to open *where*.

    While the server won't take it from this phone, no upload is promised.
    """
    app.navigation.back()
    slug = app.field.status.pause_slug
    text = words(said)
    if slug is not None:
        text = words.joined(words("saved.paused"), words.problem(slug), words.remedy(slug))
    app.tell(
        text,
        tone="good" if slug is None else "wait",
        action=words("lead.look"),
        on_action=lambda: app.navigation.open(where),
    )


async def close_discarded(app: App, words: Words, form: Form) -> None:
    """Close the form of a customer who did not agree: nothing is kept.

    For as long as the message stands, a slip of the thumb can be undone.
    """
    where, values = app.navigation.location, form.values

    def take_up_again() -> None:
        app.field.drafts.keep(form.name, values)
        app.navigation.open(where)

    await form.discard()
    app.navigation.back()
    app.tell(
        words("consent.refused_done"),
        action=words("consent.refused_undo"),
        on_action=take_up_again,
    )
