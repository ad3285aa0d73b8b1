"""What can be done about a sale, asked for in its place: shift, correct, confirm, cancel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import cast

import flet as ft

from client.actions.sales import cancel_sale, confirm_sale, correct_sale, shift_sale
from client.actions.today import next_market_day
from client.components.buttons import primary_button, secondary_button
from client.components.cards import section
from client.components.chips import Option, choice_chips
from client.components.dates import day_chips
from client.design import GAP_S
from client.state import use_app, use_words, use_world
from client.strings import Words
from client.views.workplace import screen
from shared.domain.harvest import Confidence, HarvestDate
from shared.domain.village import Village

__all__ = ["CancelTask", "ConfirmTask", "CorrectTask", "ShiftTask"]

SHIFT_REASONS = ("weather", "buyer", "ripeness", "other")
CANCEL_REASONS = ("price", "buyer_left", "weather", "other")
NO_DAY = cast("dt.date | None", None)


@screen
def ShiftTask(sale: HarvestDate, on_done: Callable[[], object]) -> ft.Control:
    """Ask for the other day and why; the day saves."""
    app, words, rows = use_app(), use_words(), use_world()
    chosen, set_chosen = ft.use_state(NO_DAY)
    reason, set_reason = ft.use_state(SHIFT_REASONS[0])
    today = app.field.today()
    village = rows.get(Village, sale.village_id)
    market = next_market_day(rows, village.town, today) if village else None

    async def save() -> None:
        if chosen is None:
            app.tell(words("form.missing"), tone="bad")
            return
        await shift_sale(app.field, sale, chosen, words(f"shift_reason.{reason}"))
        on_done()
        app.tell(words("sale.shifted"), tone="good")

    about = [sale.sale_from_on + dt.timedelta(days=away) for away in (-2, -1, 1, 2, 3, 7)]
    return section(
        words("sale.shift_to"),
        day_chips(
            words,
            today,
            chosen,
            set_chosen,
            days=[on for on in about if on >= today],
            market_days=(market,) if market else (),
            name=words("sale.shift_to"),
        ),
        choice_chips(
            [Option(one, words(f"shift_reason.{one}")) for one in SHIFT_REASONS],
            reason,
            set_reason,
            name=words("sale.reason"),
        ),
        _save_row(words("sale.shift_save"), save, on_done, words),
    )


@screen
def CorrectTask(sale: HarvestDate, on_done: Callable[[], object]) -> ft.Control:
    """Ask for the day that was meant."""
    app, words = use_app(), use_words()
    chosen, set_chosen = ft.use_state(NO_DAY)

    async def save() -> None:
        if chosen is None:
            app.tell(words("form.missing"), tone="bad")
            return
        await correct_sale(app.field, sale, chosen)
        on_done()
        app.tell(words("lead.corrected"), tone="good")

    return section(
        words("sale.correct_to"),
        day_chips(words, app.field.today(), chosen, set_chosen, name=words("sale.correct_to")),
        _save_row(words("lead.correct_save"), save, on_done, words),
    )


@screen
def ConfirmTask(sale: HarvestDate, on_done: Callable[[], object]) -> ft.Control:
    """Ask how it is known; the answer saves."""
    app, words = use_app(), use_words()

    async def confirm(confidence: Confidence) -> None:
        await confirm_sale(app.field, sale.id, confidence)
        on_done()
        app.tell(words("sale.confirmed"), tone="good")

    known = [one for one in Confidence if one is not Confidence.HEARSAY]
    return section(
        words("sale.confirm_how"),
        choice_chips(
            [Option(one, words.name(one)) for one in known],
            None,
            confirm,
            name=words("sale.confirm_how"),
        ),
        secondary_button(words("form.cancel"), on_done),
    )


@screen
def CancelTask(sale: HarvestDate, on_done: Callable[[], object]) -> ft.Control:
    """Ask why the sale does not take place."""
    app, words = use_app(), use_words()
    reason, set_reason = ft.use_state("")

    async def save() -> None:
        if not reason:
            app.tell(words("form.missing"), tone="bad")
            return
        await cancel_sale(app.field, sale.id, words(f"cancel_reason.{reason}"))
        on_done()
        app.tell(words("sale.cancelled"))

    return section(
        words("sale.cancel_why"),
        choice_chips(
            [Option(one, words(f"cancel_reason.{one}")) for one in CANCEL_REASONS],
            reason,
            set_reason,
            name=words("sale.cancel_why"),
        ),
        _save_row(words("sale.cancel_save"), save, on_done, words),
    )


def _save_row(
    label: str, save: Callable[[], object], on_done: Callable[[], object], words: Words
) -> ft.Control:
    return ft.Row(
        [
            secondary_button(words("form.cancel"), on_done),
            primary_button(label, save, icon=ft.Icons.CHECK, expand=True),
        ],
        spacing=GAP_S,
    )
