"""The end of a visit: the help that was given, how many came along to the outlet."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.buttons import icon_button, primary_button, quiet_button
from client.components.cards import card
from client.components.chips import Option, toggle_chips
from client.components.fields import text_field
from client.components.screen import screen
from client.components.text import figure, note, strong
from client.form import use_form
from client.state import use_app, use_words
from shared.domain.visit import FinishVisit, Visit

__all__ = ["FinishPanel"]

HELP = ("help.wipe", "help.load", "help.weigh", "help.drive", "help.shade")
NOTE_LENGTH_MAX = 200
ESCORTED_MAX = 99


@screen
def FinishPanel(visit: Visit, on_done: Callable[[], object]) -> ft.Control:
    """Ask what was done and how many came along; the help is chosen, or said in words."""
    app, words = use_app(), use_words()
    form, _ = use_form(f"finish:{visit.id}", lambda: {"helped": [], "more": "", "escorted": 0})
    ft.use_state(form)
    helped, escorted = tuple(form["helped"]), int(form["escorted"])

    def toggle(key: str) -> None:
        form.put(helped=[one for one in HELP if (one in helped) != (one == key)])

    async def finish() -> None:
        more = form.text("more")
        said = [*(words(key) for key in helped), *([more] if more else [])]
        args = FinishVisit(id=visit.id, help_done=words("desk.comma").join(said), escorted=escorted)
        await app.field.record("finish_visit", args)
        await form.discard()
        app.tell(words("visit.finished"), tone="good")
        on_done()

    return card(
        strong(words("visit.help_done")),
        toggle_chips(
            [Option(key, words(key)) for key in HELP], helped, toggle, name=words("visit.help_done")
        ),
        text_field(
            words("visit.help_more"),
            str(form["more"]),
            lambda value: form.type(more=value),
            length_max=NOTE_LENGTH_MAX,
        ),
        strong(words("visit.escorted")),
        note(words("visit.escorted_detail")),
        ft.Row(
            [
                icon_button(
                    ft.Icons.REMOVE,
                    words("visit.fewer"),
                    lambda: form.put(escorted=max(0, escorted - 1)),
                    filled=True,
                ),
                ft.Container(figure(str(escorted)), width=64, alignment=ft.Alignment.CENTER),
                icon_button(
                    ft.Icons.ADD,
                    words("visit.more"),
                    lambda: form.put(escorted=min(ESCORTED_MAX, escorted + 1)),
                    filled=True,
                ),
            ]
        ),
        ft.Row(
            [
                primary_button(
                    words("visit.finish_confirm"), finish, icon=ft.Icons.CHECK, expand=True
                ),
                quiet_button(words("desk.cancel"), on_done),
            ]
        ),
    )
