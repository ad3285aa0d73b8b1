"""Recording a lead: five taps with the village preset, typing aside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import flet as ft

from client.actions.leads import fresh_lead, submit_lead
from client.actions.phone import check_phone
from client.actions.today import at_hand, sale_of_village, visited_on
from client.components.buttons import quiet_button
from client.components.chips import Option, choice_chips, toggle_chips
from client.components.consent import ConsentAction
from client.components.fields import text_field
from client.components.layout import page_body
from client.components.person_fields import PersonFields
from client.components.questions import enum_question, question, restored_banner
from client.components.text import note
from client.components.when import span
from client.design import GAP_L, GAP_S, INK_SOFT
from client.form import Form, draft_name, use_form
from client.state import App, use_app, use_made, use_words, use_world
from client.strings import Words
from client.views.labels import crop_name, staff_name, unnamed_customer
from client.views.postman.saved import close_discarded, close_saved
from client.views.workplace import screen
from shared.domain.customer import CustomerKind
from shared.domain.harvest import HarvestDate
from shared.domain.referral import AmountBand, Interest, Need, ReferralMode
from shared.domain.round import villages_of
from shared.domain.routing import likely_wealth_manager
from shared.domain.rows import Rows
from shared.domain.village import Village

__all__ = ["LeadFormScreen"]

NOTE_MAX = 500


@screen
def LeadFormScreen(village: str | None = None) -> ft.Control:
    """Ask what the customer wants; saving says that they agreed."""
    app, words, rows = use_app(), use_words(), use_world()
    today = app.field.today()
    # Once: what stands under the thumb must not move while the form is open.
    visited, _ = use_made(lambda: visited_on(rows, app.field.me.id, today))
    villages = at_hand(villages_of(rows, app.field.me.id, today), visited)
    form, start_over = use_form(
        draft_name("lead", village), lambda: _fresh(app, rows, village, villages)
    )
    ft.use_state(form)
    is_more, set_more = ft.use_state(False)
    is_tried, set_tried = ft.use_state(False)
    # No state: drawing the form as busy would take longer than keeping the record.
    is_saving = ft.use_ref(False)

    async def save() -> None:
        if is_saving.current:
            return
        if _missing(form):
            set_tried(True)
            app.tell(words("form.missing"), tone="bad")
            return
        is_saving.current = True
        try:
            await submit_lead(app.field, form, unnamed_customer(rows, form["village_id"], words))
        finally:
            is_saving.current = False
        close_saved(app, words, "lead.saved", f"/postman/lead/{form['id']}")

    async def refuse() -> None:
        await close_discarded(app, words, form)

    must = words("form.choose_one") if is_tried else None
    need, interest = form.chosen(Need, "need"), form.chosen(Interest, "interest")
    return page_body(
        [
            restored_banner(words, start_over) if form.restored else None,
            _village_question(form, villages, rows, words, today) if villages else None,
            enum_question(
                words,
                words("lead.need"),
                list(Need),
                need,
                lambda value: form.put(need=value.value),
                missing=None if need else must,
            ),
            enum_question(
                words,
                words("lead.interest"),
                list(reversed(Interest)),
                interest,
                lambda value: form.put(interest=value.value),
                missing=None if interest else must,
            ),
            PersonFields(form, show_errors=is_tried),
            _more(form, words) if is_more else _more_button(lambda: set_more(True), words),
            _likely(app, rows, form, words),
        ],
        footer=ConsentAction(words("lead.save"), save, refuse),
    )


def _fresh(
    app: App, rows: Rows, village_id: str | None, villages: list[Village]
) -> dict[str, str | None]:
    chosen = village_id or (villages[0].id if villages else None)
    sale = sale_of_village(rows, chosen, app.field.today()) if chosen else None
    return fresh_lead(app.field, village_id=chosen, harvest_date_id=sale.id if sale else None)


def _missing(form: Form) -> bool:
    return (
        form.chosen(Need, "need") is None
        or form.chosen(Interest, "interest") is None
        or not check_phone(str(form["phone"] or "")).is_whole
    )


def _village_question(
    form: Form, villages: list[Village], rows: Rows, words: Words, today: dt.date
) -> ft.Control:
    def choose(village_id: str) -> None:
        sale = sale_of_village(rows, village_id, today)
        form.put(village_id=village_id, harvest_date_id=sale.id if sale else None)

    def toggle(sale_id: str) -> None:
        form.put(harvest_date_id=None if form["harvest_date_id"] == sale_id else sale_id)

    chosen = form["village_id"]
    linked = rows.get(HarvestDate, form["harvest_date_id"]) if form["harvest_date_id"] else None
    near = linked or (sale_of_village(rows, chosen, today) if chosen else None)
    sale_chip = None
    if near is not None:
        # The village stands chosen right above it.
        days = span(near.sale_from_on, near.sale_to_on, today, words)
        label = words("lead.with_sale", crop=crop_name(rows, near.crop_id))
        # In two lines: in large type one would lose the end of the sale.
        option = Option(near.id, label, hint=days)
        sale_chip = toggle_chips([option], {linked.id} if linked else set(), toggle)
    return question(
        words("lead.village"),
        choice_chips(
            [Option(one.id, one.name) for one in villages],
            chosen,
            choose,
        ),
        sale_chip,
    )


def _more_button(on_click: Callable[[], object], words: Words) -> ft.Control:
    return ft.Row([quiet_button(words("lead.more"), on_click, icon=ft.Icons.EXPAND_MORE)])


def _more(form: Form, words: Words) -> ft.Control:
    """Show what few leads need: kind, money, whether the customer comes along, a note."""
    return ft.Column(
        [
            enum_question(
                words,
                words("lead.kind"),
                list(CustomerKind),
                form.chosen(CustomerKind, "kind"),
                lambda value: form.put(kind=value.value),
            ),
            enum_question(
                words,
                words("lead.amount"),
                list(AmountBand),
                form.chosen(AmountBand, "amount_band"),
                lambda value: form.put(amount_band=value.value),
            ),
            enum_question(
                words,
                words("lead.mode"),
                list(ReferralMode),
                form.chosen(ReferralMode, "mode"),
                lambda value: form.put(mode=value.value),
            ),
            text_field(
                words("lead.note"),
                str(form["note"] or ""),
                lambda text: form.type(note=text),
                helper=words("lead.note_helper"),
                lines=2,
                length_max=NOTE_MAX,
            ),
        ],
        spacing=GAP_L,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _likely(app: App, rows: Rows, form: Form, words: Words) -> ft.Control:
    """Say who will probably take the lead; the server decides."""
    likely = likely_wealth_manager(
        rows,
        referrer_id=app.field.me.id,
        customer_id=form["customer_id"],
        village_id=form["village_id"],
        on=app.field.today(),
    )
    if likely is None:
        return note(words("lead.likely_nobody"))
    key = "lead.likely_acting" if likely.acting_for_id else "lead.likely"
    return ft.Row(
        [
            ft.Icon(ft.Icons.SUPPORT_AGENT, color=INK_SOFT, size=20),
            note(words(key, name=staff_name(rows, likely.wealth_manager_id)), expand=True),
        ],
        spacing=GAP_S,
    )
