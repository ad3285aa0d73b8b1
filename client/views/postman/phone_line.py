"""A customer's number: masked until it is asked for, called in one tap."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.actions.phone import grouped, masked
from client.components.buttons import icon_button, secondary_button
from client.components.cards import fact
from client.components.layout import stack
from client.components.screen import part
from client.components.text import body, note
from client.design import GAP_S
from client.state import use_app, use_words, use_world
from shared.domain.customer import CustomerContact, contact_id_of

__all__ = ["PhoneLine"]


@part
def PhoneLine(customer_id: str, on_call: Callable[[], object] | None = None) -> ft.Control:
    """Show the number as long as this phone may hold it; *on_call* hears of a call beforehand."""
    app, words, rows = use_app(), use_words(), use_world()
    is_shown, set_shown = ft.use_state(False)
    contact = rows.get(CustomerContact, contact_id_of(customer_id))
    if contact is None:
        return fact(words("person.phone"), words("person.no_phone"))
    phone = contact.phone

    async def copy() -> None:
        await ft.Clipboard().set(phone)
        app.tell(words("contact.copied"))

    async def call() -> None:
        if on_call is not None:  # First: the dialler takes the app away.
            on_call()
        await ft.UrlLauncher().launch_url(f"tel:{phone}")

    number = ft.Row(
        [
            ft.Container(note(words("person.phone")), width=84),
            body(grouped(phone) if is_shown else masked(phone), expand=True),
            icon_button(
                ft.Icons.VISIBILITY_OFF_OUTLINED if is_shown else ft.Icons.VISIBILITY_OUTLINED,
                words("person.hide" if is_shown else "person.show"),
                lambda: set_shown(not is_shown),
            ),
        ],
        spacing=GAP_S,
        vertical_alignment=ft.CrossAxisAlignment.CENTER,
    )
    # Beside the number they would break it in two on a narrow phone.
    ways = ft.Row(
        [
            secondary_button(words("contact.copy"), copy, icon=ft.Icons.COPY_OUTLINED, expand=True),
            secondary_button(words("person.call"), call, icon=ft.Icons.CALL_OUTLINED, expand=True),
        ],
        spacing=GAP_S,
    )
    return stack(number, ways)
