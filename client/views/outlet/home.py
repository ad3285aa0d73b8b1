"""Where a referral at the outlet begins: one tap, for the queue does not wait."""

from __future__ import annotations

import flet as ft

from client.components.buttons import primary_button, secondary_button
from client.components.cards import card, section
from client.components.layout import gap, page_body
from client.components.text import note, strong
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.may import may
from client.views.postman.rows import care_row, lead_row, sale_row
from client.views.postman.today import draft_banners
from client.views.workplace import screen
from shared.domain.care_card import CARERS
from shared.domain.referral import Referral
from shared.domain.round import follow_ups_due, near_sales, recorded_referrals
from shared.domain.rows import Rows
from shared.domain.village import Village

__all__ = ["HomeTab"]

LEADS_SHOWN = 5
SALES_SHOWN = 5


@screen
def HomeTab() -> ft.Control:
    """Offer to refer the customer who stands here; below it, what became of the last ones."""
    app, words, rows = use_app(), use_words(), use_world()
    today = app.field.today()
    due = follow_ups_due(rows, app.field.me.id, today)
    return page_body(
        [
            *draft_banners(app, rows, words),
            _begin(app, words),
            section(
                words("today.due", n=len(due)),
                *(care_row(app, rows, one, today, words) for one in due),
            )
            if due and may(app.field.actor, "follow_up_care_card")
            else None,
            _last_leads(app, rows, words),
            _sales(app, rows, words),
            gap(),
        ]
    )


def _begin(app: App, words: Words) -> ft.Control:
    buttons: list[ft.Control] = [
        primary_button(
            words("lead.new"),
            lambda: app.navigation.open("/postman/lead"),
            icon=ft.Icons.PERSON_ADD_ALT_1,
            expand=True,
        )
    ]
    if app.field.actor.holds(*CARERS):
        buttons.append(
            secondary_button(
                words("care.new"),
                lambda: app.navigation.open("/postman/care"),
                icon=ft.Icons.FAVORITE_BORDER,
                expand=True,
            )
        )
    return card(
        strong(words("outlet.begin")),
        note(words("outlet.begin_detail")),
        ft.Row(buttons, spacing=8),
    )


def _last_leads(app: App, rows: Rows, words: Words) -> ft.Control:
    leads = list(recorded_referrals(rows, app.field.me.id))[:LEADS_SHOWN]
    if not leads:
        return section(words("outlet.last"), card(note(words("records.no_leads_detail"))))
    return section(words("outlet.last"), *(_lead(app, rows, one, words) for one in leads))


def _lead(app: App, rows: Rows, lead: Referral, words: Words) -> ft.Control:
    ops = [op for op in app.field.ops_about(lead.id) if op.name == "submit_referral"]
    return lead_row(app, rows, lead, ops[0] if ops else None, words)


def _sales(app: App, rows: Rows, words: Words) -> ft.Control | None:
    """Show the sales near, to those who see the outlet's villages: customers come with the cash."""
    today = app.field.today()
    villages = rows.where(Village, outlet_id=app.field.actor.outlet_id)
    near = near_sales(rows, villages, today)[:SALES_SHOWN]
    if not near:
        return None
    return section(
        words("today.sales"), *(sale_row(app, rows, sale, today, words) for sale in near)
    )
