"""A customer's number: masked until it is asked for, called in one tap."""

from __future__ import annotations

import flet as ft

from client.actions.phone import grouped, masked
from client.components.buttons import icon_button
from client.components.cards import fact
from client.components.screen import part
from client.components.text import body, note
from client.design import GAP_S
from client.state import use_words, use_world
from shared.domain.customer import CustomerContact, contact_id_of

__all__ = ["PhoneLine"]


@part
def PhoneLine(customer_id: str) -> ft.Control:
    """Show the number as long as this phone may hold it."""
    words, rows = use_words(), use_world()
    is_shown, set_shown = ft.use_state(False)
    contact = rows.get(CustomerContact, contact_id_of(customer_id))
    if contact is None:
        return fact(words("person.phone"), words("person.no_phone"))
    phone = contact.phone

    async def call() -> None:
        await ft.UrlLauncher().launch_url(f"tel:{phone}")

    return ft.Row(
        [
            ft.Container(note(words("person.phone")), width=84),
            body(grouped(phone) if is_shown else masked(phone), expand=True),
            icon_button(
                ft.Icons.VISIBILITY_OFF_OUTLINED if is_shown else ft.Icons.VISIBILITY_OUTLINED,
                words("person.hide" if is_shown else "person.show"),
                lambda: set_shown(not is_shown),
            ),
            icon_button(ft.Icons.CALL_OUTLINED, words("person.call"), call, filled=True),
        ],
        spacing=GAP_S,
        vertical_alignment=ft.CrossAxisAlignment.CENTER,
    )
