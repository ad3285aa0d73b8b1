"""Today's round: the villages, whose sale is near, whom to see again, market days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

import flet as ft

from client.actions.today import market_towns, sale_of_village
from client.components.buttons import primary_button, quiet_button, secondary_button
from client.components.cards import badge, banner, card, empty_state, section
from client.components.first_sync import has_synced
from client.components.layout import page_body
from client.components.text import heading, note, strong
from client.components.when import day, lunar, weekday
from client.design import GAP_L, GAP_S
from client.location import location
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.labels import crop_name
from client.views.postman.rows import care_row, sale_row
from client.views.workplace import screen
from shared.domain.lunar import solar_term_on
from shared.domain.round import follow_ups_due, near_sales, villages_of
from shared.domain.rows import Rows
from shared.domain.village import Village

__all__ = ["TodayTab", "draft_banners"]

SALES_SHOWN = 3
CARDS_SHOWN = 3
WIDE_WIDTH_MAX = 1080


@screen
def TodayTab() -> ft.Control:
    """Show the day, and put what is done most one tap away."""
    app, words = use_app(), use_words()
    rows = use_world()
    look, _ = ft.use_state(app.look)
    me, today = app.field.me.id, app.field.today()
    villages = villages_of(rows, me, today)
    lists = [
        *_follow_ups(app, rows, words, today),
        *_sales(app, rows, villages, words, today),
    ]
    round_ = _villages(app, rows, villages, words, today)
    head = [_date_line(rows, villages, today, words), *draft_banners(app, rows, words)]
    if not look.wide:
        return page_body([*head, *round_, *lists, ft.Container(height=GAP_L)])
    columns = ft.Row(
        [
            ft.Column(round_, expand=3, spacing=GAP_S, horizontal_alignment=STRETCH),
            ft.Column(lists, expand=2, spacing=GAP_S, horizontal_alignment=STRETCH),
        ],
        spacing=GAP_L * 2,
        vertical_alignment=ft.CrossAxisAlignment.START,
    )
    return page_body([*head, columns, ft.Container(height=GAP_L)], width_max=WIDE_WIDTH_MAX)


STRETCH = ft.CrossAxisAlignment.STRETCH


def _date_line(rows: Rows, villages: list[Village], today: dt.date, words: Words) -> ft.Control:
    date = words("today.date", month=today.month, day=today.day, weekday=weekday(today, words))
    moon = words("today.lunar", lunar=lunar(today, words))
    term = solar_term_on(today)
    markets = [
        badge(
            words("today.market_today", town=market.town)
            if market.on == today
            else words("today.market_next", town=market.town, day=day(market.on, today, words)),
            "harvest" if market.on == today else "plain",
            icon=ft.Icons.STOREFRONT_OUTLINED,
        )
        for market in market_towns(rows, villages, today)
    ]
    named = words("today.term", lunar=moon, term=words(f"term.{term}")) if term else moon
    return ft.Column(
        [
            ft.Row(
                [heading(date), note(named)],
                wrap=True,
                spacing=GAP_S,
                vertical_alignment=ft.CrossAxisAlignment.CENTER,
            ),
            ft.Row(markets, wrap=True, spacing=GAP_S, run_spacing=4),
        ],
        spacing=4,
    )


FORMS = {"lead": "/postman/lead", "sale": "/postman/sale", "care": "/postman/care"}


def draft_banners(app: App, rows: Rows, words: Words) -> list[ft.Control]:
    """Offer to go on with what was left unfinished, where it was."""
    found: list[ft.Control] = []
    for name in app.field.drafts.names():
        kind, _, about = name.partition(":")
        if kind not in FORMS:
            continue
        village = rows.get(Village, about) if about else None
        query = {"village": about} if village else {"referral": about}
        where = location(FORMS[kind], **query)
        found.append(
            banner(
                words(f"draft.{kind}"),
                icon=ft.Icons.EDIT_NOTE,
                detail=village.name if village else "",
                actions=[
                    quiet_button(words("draft.go_on"), partial(app.navigation.open, where)),
                ],
            )
        )
    return found


def _villages(
    app: App, rows: Rows, villages: list[Village], words: Words, today: dt.date
) -> list[ft.Control]:
    if not villages:
        if not has_synced(rows, app.field.me.outlet_id):
            # The shell says that they are on their way, and that leads can be recorded by now.
            return [card(strong(words("outlet.begin")), _lead_anywhere(app, words))]
        return [
            empty_state(
                words("today.no_round"),
                detail=words("today.no_round_detail"),
                icon=ft.Icons.ROUTE_OUTLINED,
                action=_lead_anywhere(app, words),
            )
        ]
    cards = [_village_card(app, rows, village, words, today) for village in villages]
    # As high as the head beside it, on a desk.
    room = ft.Container() if app.look.wide else None
    return [section(words("today.villages"), *cards, trailing=room)]


def _lead_anywhere(app: App, words: Words) -> ft.Control:
    return primary_button(
        words("lead.new"),
        lambda: app.navigation.open("/postman/lead"),
        icon=ft.Icons.PERSON_ADD_ALT_1,
    )


def _village_card(
    app: App, rows: Rows, village: Village, words: Words, today: dt.date
) -> ft.Control:
    sale = sale_of_village(rows, village.id, today)
    tag = (
        badge(
            words(
                "today.village_sale",
                crop=crop_name(rows, sale.crop_id),
                day=day(sale.sale_from_on, today, words),
            ),
            "harvest",
            icon=ft.Icons.AGRICULTURE_OUTLINED,
        )
        if sale
        else None
    )

    def open_form(path: str) -> None:
        app.navigation.open(location(path, village=village.id))

    return card(
        ft.Row(
            [
                strong(village.name),
                note(words("today.village_facts", town=village.town, n=village.households)),
            ],
            wrap=True,
            spacing=GAP_S,
            vertical_alignment=ft.CrossAxisAlignment.CENTER,
        ),
        ft.Row([tag], wrap=True) if tag else None,
        ft.Row(
            [
                primary_button(
                    words("today.lead"),
                    lambda: open_form("/postman/lead"),
                    icon=ft.Icons.PERSON_ADD_ALT_1,
                    expand=True,
                ),
                secondary_button(
                    words("today.sale"),
                    lambda: open_form("/postman/sale"),
                    icon=ft.Icons.EVENT_AVAILABLE,
                    expand=True,
                ),
            ],
            spacing=GAP_S,
        ),
    )


def _follow_ups(app: App, rows: Rows, words: Words, today: dt.date) -> list[ft.Control]:
    due = follow_ups_due(rows, app.field.me.id, today)
    if not due:
        return []
    return [
        section(
            words("today.due", n=len(due)),
            *(care_row(app, rows, one, today, words) for one in due[:CARDS_SHOWN]),
            trailing=_all(app, "/postman/records", words) if len(due) > CARDS_SHOWN else None,
        )
    ]


def _sales(
    app: App, rows: Rows, villages: Sequence[Village], words: Words, today: dt.date
) -> list[ft.Control]:
    if not has_synced(rows, app.field.me.outlet_id):
        return []  # Nobody knows yet whether there are any.
    near = near_sales(rows, villages, today)
    if not near:
        return [section(words("today.sales"), card(note(words("today.no_sales"))))]
    return [
        section(
            words("today.sales"),
            *(sale_row(app, rows, sale, today, words) for sale in near[:SALES_SHOWN]),
            trailing=_all(app, "/postman/sales", words),
        )
    ]


def _all(app: App, path: str, words: Words) -> ft.Control:
    return quiet_button(words("list.all"), lambda: app.navigation.switch(path))
