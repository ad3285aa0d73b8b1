"""Rows of the postman's lists: a sale, a care card, a lead; each opens as a whole."""

from __future__ import annotations

import datetime as dt

import flet as ft

from client.components.cards import badge, tap_card
from client.components.text import note, strong
from client.components.when import day, day_short, weekday
from client.design import GAP_S, GAP_XS, RADIUS_S, TONES
from client.state import App
from client.status import OutboxItem
from client.strings import Words
from client.views.labels import (
    crop_name,
    customer_name,
    lead_state,
    sale_tone,
    village_name,
)
from shared.domain.care_card import OPEN_CARDS, CareCard, CareStatus
from shared.domain.harvest import HarvestDate
from shared.domain.referral import Referral
from shared.domain.rows import Rows

__all__ = ["care_row", "lead_row", "sale_row"]


def sale_row(app: App, rows: Rows, sale: HarvestDate, today: dt.date, words: Words) -> ft.Control:
    """Show a sale: its day as a leaf of the calendar, village and crop, and how sure it is."""
    state = f"{words.name(sale.status)} · {words.name(sale.confidence)}"
    return tap_card(
        strong(
            words(
                "sale.what",
                village=village_name(rows, sale.village_id),
                crop=crop_name(rows, sale.crop_id),
            )
        ),
        ft.Row([badge(state, sale_tone(sale.status))], wrap=True),
        leading=_leaf(sale.sale_from_on, today, words),
        on_click=lambda: app.navigation.open(f"/postman/sale/{sale.id}"),
        key=sale.id,
    )


def care_row(app: App, rows: Rows, card: CareCard, today: dt.date, words: Words) -> ft.Control:
    """Show a care card: who, where, why not yet, and when to see them again, while it is open."""
    late = card.next_contact_on < today
    due = words("care.overdue" if late else "care.due", day=day(card.next_contact_on, today, words))
    state = (
        badge(due, "bad" if late else "wait", icon=ft.Icons.EVENT_REPEAT)
        if card.status in OPEN_CARDS
        else badge(
            words.name(card.status), "good" if card.status is CareStatus.CONVERTED else "plain"
        )
    )
    who = customer_name(rows, card.customer_id)
    where = note(village_name(rows, card.village_id)) if card.village_id else None
    return tap_card(
        ft.Row([strong(who), *([where] if where else [])], wrap=True, spacing=GAP_S),
        note(words.name(card.reason)),
        ft.Row([state], wrap=True),
        on_click=lambda: app.navigation.open(f"/postman/care/{card.id}"),
        key=card.id,
    )


def lead_row(
    app: App, rows: Rows, referral: Referral, item: OutboxItem | None, words: Words
) -> ft.Control:
    """Show a lead: who, what they want, and how far it has come."""
    step = lead_state(rows, referral, item, words)
    who = customer_name(rows, referral.customer_id)
    what = words(
        "lead.what" if referral.village_id else "lead.what_at_outlet",
        need=words.name(referral.need),
        interest=words.name(referral.interest),
        village=village_name(rows, referral.village_id),
    )
    number = item.receipt_number if item and item.receipt_number else referral.receipt_number
    receipt = words("receipt.number", n=number) if number else ""
    return tap_card(
        strong(who, max_lines=1),
        note(what, max_lines=2),
        ft.Row(
            [badge(step.text, step.tone), *([note(receipt)] if receipt else [])],
            wrap=True,
            spacing=GAP_S,
            run_spacing=4,
        ),
        on_click=lambda: app.navigation.open(f"/postman/lead/{referral.id}"),
        key=referral.id,
    )


def _leaf(on: dt.date, today: dt.date, words: Words) -> ft.Control:
    tone = TONES["harvest"]
    near = 0 <= (on - today).days <= 2  # noqa: PLR2004 - days that have a word of their own.
    top = day_short(on, today, words) if near else weekday(on, words)
    return ft.Container(
        ft.Column(
            [
                ft.Text(top, theme_style=ft.TextThemeStyle.LABEL_MEDIUM, color=tone.ink),
                ft.Text(
                    f"{on.month}/{on.day}",
                    theme_style=ft.TextThemeStyle.LABEL_LARGE,
                    color=tone.ink,
                ),
            ],
            spacing=0,
            tight=True,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        ),
        bgcolor=tone.ground,
        border_radius=RADIUS_S,
        padding=ft.Padding.symmetric(horizontal=GAP_S, vertical=GAP_XS),
    )
