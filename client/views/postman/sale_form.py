"""Reporting a sale date: four taps with the village preset."""

from __future__ import annotations

import datetime as dt

import flet as ft

from client.actions.sales import fresh_sale, report_sale
from client.actions.today import at_hand, crops_in_season, next_market_day, visited_on
from client.components.buttons import primary_button, quiet_button
from client.components.cards import empty_state
from client.components.chips import Option, choice_chips
from client.components.dates import day_chips
from client.components.fields import text_field
from client.components.layout import bottom_action, page_body
from client.components.questions import enum_question, question, restored_banner
from client.components.text import note
from client.components.when import day
from client.form import Form, draft_name, use_form
from client.state import App, use_app, use_made, use_words, use_world
from client.strings import Words
from client.views.postman.saved import close_saved
from client.views.workplace import screen
from shared.domain.harvest import Confidence
from shared.domain.people import Outlet
from shared.domain.round import villages_of
from shared.domain.rows import Rows
from shared.domain.village import Crop, Village

__all__ = ["SaleFormScreen"]

NAME_MAX = 40
NOTE_MAX = 500


@screen
def SaleFormScreen(village: str | None = None) -> ft.Control:
    """Ask which crop, on which day, and how that is known."""
    app, words, rows = use_app(), use_words(), use_world()
    today = app.field.today()
    # Once: what stands under the thumb must not move while the form is open.
    visited, _ = use_made(lambda: visited_on(rows, app.field.me.id, today))
    villages = at_hand(villages_of(rows, app.field.me.id, today), visited)
    form, start_over = use_form(
        draft_name("sale", village), lambda: _fresh(app, rows, village, villages)
    )
    ft.use_state(form)
    is_more, set_more = ft.use_state(False)
    is_tried, set_tried = ft.use_state(False)

    async def save() -> None:
        if not (form["village_id"] and form["crop_id"] and form["from_on"]):
            set_tried(True)
            app.tell(words("form.missing"), tone="bad")
            return
        await report_sale(app.field, form)
        close_saved(app, words, "sale.saved", f"/postman/sale/{form['id']}")

    if not villages:
        return page_body([empty_state(words("today.no_round"), icon=ft.Icons.ROUTE_OUTLINED)])
    must = words("form.choose_one") if is_tried else None
    return page_body(
        [
            restored_banner(words, start_over) if form.restored else None,
            _village_question(form, villages, rows, words, today),
            _crop_question(app, form, rows, words, today, None if form["crop_id"] else must),
            _day_question(form, rows, words, today, None if form["from_on"] else must),
            enum_question(
                words,
                words("sale.confidence"),
                list(Confidence),
                form.chosen(Confidence, "confidence"),
                lambda value: form.put(confidence=value.value),
            ),
            _more(form, words)
            if is_more
            else ft.Row(
                [
                    quiet_button(
                        words("sale.more"), lambda: set_more(True), icon=ft.Icons.EXPAND_MORE
                    )
                ]
            ),
            ft.Container(height=8),
        ],
        footer=bottom_action(
            primary_button(words("sale.save"), save, icon=ft.Icons.CHECK, expand=True)
        ),
    )


def _fresh(
    app: App, rows: Rows, village_id: str | None, villages: list[Village]
) -> dict[str, str | None]:
    chosen = village_id or (villages[0].id if villages else None)
    return fresh_sale(app.field, village_id=chosen, crop_id=_only_crop(rows, chosen, app))


def _only_crop(rows: Rows, village_id: str | None, app: App) -> str | None:
    """Return the crop of a village that grows one: nobody needs to be asked."""
    crops = crops_in_season(rows, village_id, app.field.today()) if village_id else []
    return crops[0].id if len(crops) == 1 else None


def _village_question(
    form: Form, villages: list[Village], rows: Rows, words: Words, today: dt.date
) -> ft.Control:
    def choose(village_id: str) -> None:
        crops = crops_in_season(rows, village_id, today)
        form.put(village_id=village_id, crop_id=crops[0].id if len(crops) == 1 else None)

    return question(
        words("lead.village"),
        choice_chips(
            [Option(one.id, one.name) for one in villages],
            form["village_id"],
            choose,
            name=words("lead.village"),
        ),
    )


def _crop_question(  # noqa: PLR0917 - what a question is made of.
    app: App, form: Form, rows: Rows, words: Words, today: dt.date, missing: str | None
) -> ft.Control:
    is_all, set_all = ft.use_state(False)
    grown = crops_in_season(rows, form["village_id"], today) if form["village_id"] else []
    outlet = rows.get(Outlet, app.field.me.outlet_id)
    others = [
        crop
        for crop in rows.where(Crop, county_id=outlet.county_id if outlet else "")
        if crop not in grown
    ]
    shown = [*grown, *others] if is_all or not grown else grown
    return question(
        words("sale.crop"),
        choice_chips(
            [Option(crop.id, crop.name) for crop in shown],
            form["crop_id"],
            lambda crop_id: form.put(crop_id=crop_id),
            name=words("sale.crop"),
        ),
        ft.Row([quiet_button(words("sale.other_crops"), lambda: set_all(True))])
        if others and not is_all and grown
        else None,
        missing=missing,
    )


def _day_question(
    form: Form, rows: Rows, words: Words, today: dt.date, missing: str | None
) -> ft.Control:
    village = rows.get(Village, form["village_id"]) if form["village_id"] else None
    market = next_market_day(rows, village.town, today) if village else None
    chosen = dt.date.fromisoformat(form["from_on"]) if form["from_on"] else None
    crop = rows.get(Crop, form["crop_id"]) if form["crop_id"] else None
    cash = None
    if crop is not None and chosen is not None:
        payout = chosen + dt.timedelta(days=crop.cash_days_min)
        cash = note(words("sale.payout_guess", day=day(payout, today, words)))
    return question(
        words("sale.day"),
        day_chips(
            words,
            today,
            chosen,
            lambda on: form.put(from_on=on.isoformat(), to_on=None),
            market_days=(market,) if market else (),
            name=words("sale.day"),
        ),
        cash,
        missing=missing,
    )


def _more(form: Form, words: Words) -> ft.Control:
    return ft.Column(
        [
            text_field(
                words("sale.households"),
                str(form["households"] or ""),
                lambda text: form.put(households="".join(filter(str.isdigit, text))[:5]),
                keyboard=ft.KeyboardType.NUMBER,
            ),
            text_field(
                words("sale.buyer"),
                str(form["buyer"] or ""),
                lambda text: form.type(buyer=text[:NAME_MAX]),
                length_max=NAME_MAX,
            ),
            text_field(
                words("lead.note"),
                str(form["note"] or ""),
                lambda text: form.type(note=text),
                lines=2,
                length_max=NOTE_MAX,
            ),
        ],
        spacing=12,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
