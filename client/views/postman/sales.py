"""The sale dates of one's villages: those that lie ahead, by day, and the seasons of the year."""

from __future__ import annotations

import flet as ft

from client.components.buttons import primary_button
from client.components.cards import empty_state
from client.components.layout import bottom_action, gap
from client.components.paging import PagedList
from client.state import use_app, use_words, use_world
from client.views.postman.rows import sale_row
from client.views.seasons import season_section
from client.views.workplace import screen
from shared.domain.round import near_sales, villages_of

__all__ = ["SalesTab"]

AHEAD_DAYS = 400


@screen
def SalesTab() -> ft.Control:
    """List the live sales, and let one be reported."""
    app, words, rows = use_app(), use_words(), use_world()
    today = app.field.today()
    villages = villages_of(rows, app.field.me.id, today)
    sales = near_sales(rows, villages, today, days=AHEAD_DAYS)

    def report() -> None:
        app.navigation.open("/postman/sale")

    return ft.Column(
        [
            ft.Container(
                PagedList(
                    sales,
                    lambda sale: sale_row(app, rows, sale, today, words),
                    empty=empty_state(
                        words("sales.empty"),
                        detail=words("sales.empty_detail"),
                        icon=ft.Icons.AGRICULTURE_OUTLINED,
                    ),
                    foot=[gap(), *season_section(rows, villages, today, words)],
                ),
                expand=True,
            ),
            bottom_action(
                primary_button(words("sale.new"), report, icon=ft.Icons.ADD, expand=True)
            ),
        ],
        spacing=0,
        expand=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
