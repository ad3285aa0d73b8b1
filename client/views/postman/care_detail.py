"""One care card: why not yet, what was tried, and the visit that was just made."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.actions.care import (
    convert_care,
    end_care,
    follow_up,
    fresh_follow_up,
    withdraw_care,
)
from client.components.attachments import AttachmentsPart
from client.components.buttons import danger_button, primary_button, secondary_button
from client.components.cards import badge, card, empty_state, fact, section
from client.components.chips import Option, choice_chips
from client.components.consent import consent_card
from client.components.fields import text_field
from client.components.layout import bottom_action, page_body
from client.components.questions import enum_question
from client.components.text import note, strong
from client.components.when import clock, day
from client.design import GAP_S
from client.form import use_form
from client.state import App, use_app, use_words, use_world
from client.status import OutboxState
from client.strings import Words
from client.views.labels import customer_name, staff_name, village_name
from client.views.may import may
from client.views.postman.care_form import contact_days
from client.views.postman.phone_line import PhoneLine
from client.views.refusal import refusal_card
from client.views.workplace import screen
from shared.domain.attachment import AttachmentObject
from shared.domain.care_card import (
    OPEN_CARDS,
    CareAction,
    CareCard,
    CareFollowUp,
    CareStatus,
    FollowUpHow,
)
from shared.domain.referral import Interest, Need
from shared.domain.rows import Rows

__all__ = ["CareScreen"]

NOTE_MAX = 500
CLOSE_REASONS = ("bought_elsewhere", "moved", "not_interested", "other")


@screen
def CareScreen(card_id: str) -> ft.Control:
    """Show the card; while it is open, the visit form stands at the top, ready to be saved."""
    app, words, rows = use_app(), use_words(), use_world()
    task, set_task = ft.use_state("")
    found = rows.get(CareCard, card_id)
    refused = [op for op in app.field.ops_about(card_id) if op.state is OutboxState.REJECTED]
    form, _ = use_form(f"follow_up:{card_id}", lambda: fresh_follow_up(app.field))
    ft.use_state(form)
    if found is None:
        return page_body(
            [refusal_card(app, op, words) for op in refused]
            or [empty_state(words("record.gone"), icon=ft.Icons.SEARCH_OFF)]
        )

    async def save() -> None:
        await follow_up(app.field, form, card_id)
        app.navigation.back()
        app.tell(words("care.visited"), tone="good")

    def called() -> None:
        form.put(how=FollowUpHow.CALL.value)  # One tap more, and the call is recorded.

    is_mine = found.status in OPEN_CARDS and found.owner_id == app.field.me.id
    # A teller opens a card for their own referral and leaves the following up to others.
    is_followed_up_here = is_mine and may(app.field.actor, "follow_up_care_card")
    tasks: dict[str, Callable[[], ft.Control]] = {
        "convert": lambda: ConvertTask(found, lambda: set_task("")),
        "close": lambda: CloseTask(found, lambda: set_task("")),
    }
    body: list[ft.Control] = [
        *(refusal_card(app, op, words) for op in refused if not op.is_seen),
        _facts(app, rows, found, words, called if is_followed_up_here else None),
    ]
    if is_mine and task:
        body.append(tasks[task]())
    elif is_mine and not is_followed_up_here:
        body.append(_others(app, found, words, set_task))
    elif is_mine:
        body += [
            enum_question(
                words,
                words("care.how"),
                list(FollowUpHow),
                form.chosen(FollowUpHow, "how"),
                lambda value: form.put(how=value.value),
            ),
            contact_days(form, words, app.field.today()),
            text_field(
                words("lead.note"),
                str(form["note"] or ""),
                lambda text: form.type(note=text),
                lines=2,
                length_max=NOTE_MAX,
            ),
            _others(app, found, words, set_task),
        ]
    body.append(AttachmentsPart(AttachmentObject.CARE_CARD, card_id))
    body += [_history(app, rows, found, words), ft.Container(height=GAP_S)]
    footer = None
    if is_followed_up_here and not task:
        footer = bottom_action(
            primary_button(words("care.visit_save"), save, icon=ft.Icons.CHECK, expand=True)
        )
    return page_body(body, footer=footer)


def _facts(
    app: App, rows: Rows, found: CareCard, words: Words, on_call: Callable[[], object] | None
) -> ft.Control:
    today = app.field.today()
    facts = [
        ft.Row(
            [badge(words.name(found.status), "wait" if found.status in OPEN_CARDS else "plain")]
        ),
        fact(words("lead.customer"), customer_name(rows, found.customer_id)),
        PhoneLine(found.customer_id, on_call),
        fact(words("fact.village"), village_name(rows, found.village_id)),
        fact(words("fact.reason"), words.name(found.reason)),
        fact(words("care.next"), day(found.next_contact_on, today, words)),
    ]
    if found.need is not None:
        facts.append(fact(words("fact.need"), words.name(found.need)))
    if found.note:
        facts.append(fact(words("lead.note"), found.note))
    if found.ended_reason:
        facts.append(fact(words("care.ended"), found.ended_reason))
    return card(*facts)


def _others(
    app: App, found: CareCard, words: Words, set_task: Callable[[str], object]
) -> ft.Control:
    async def opt_out() -> None:
        await end_care(app.field, found.id, CareAction.OPT_OUT, "")
        app.tell(words("care.opted_out"))

    async def withdraw() -> None:
        await withdraw_care(app.field, found.id, words("lead.withdrawn_reason"))
        app.tell(words("care.withdrawn"))

    buttons: list[ft.Control] = []
    if may(app.field.actor, "convert_care_card"):
        buttons += [
            secondary_button(
                words("care.convert"), lambda: set_task("convert"), icon=ft.Icons.HANDSHAKE_OUTLINED
            ),
            secondary_button(
                words("care.close"), lambda: set_task("close"), icon=ft.Icons.INVENTORY_2_OUTLINED
            ),
        ]
    buttons.append(danger_button(words("care.opt_out"), opt_out, icon=ft.Icons.DO_NOT_DISTURB_ALT))
    if found.status is CareStatus.OPEN and found.originator_id == app.field.me.id:
        buttons.insert(
            0,
            secondary_button(
                words("lead.correct"),
                lambda: app.navigation.open(f"/postman/care/{found.id}/correct"),
                icon=ft.Icons.EDIT_OUTLINED,
            ),
        )
        buttons.append(danger_button(words("care.withdraw"), withdraw, icon=ft.Icons.UNDO))
    return section(
        words("care.others"), ft.Row(buttons, wrap=True, spacing=GAP_S, run_spacing=GAP_S)
    )


@screen
def ConvertTask(found: CareCard, on_done: Callable[[], object]) -> ft.Control:
    """Ask what the customer wants now; the answer makes a lead of the card."""
    app, words = use_app(), use_words()
    need, set_need = ft.use_state(found.need)
    interest, set_interest = ft.use_state(Interest.HIGH)

    async def save() -> None:
        if need is None:
            app.tell(words("form.missing"), tone="bad")
            return
        await convert_care(app.field, found.id, need, interest)
        on_done()
        app.navigation.back()
        app.tell(words("care.converted"), tone="good")

    return section(
        words("care.convert"),
        enum_question(words, words("lead.need"), list(Need), need, set_need),
        enum_question(
            words, words("lead.interest"), list(reversed(Interest)), interest, set_interest
        ),
        consent_card(on_done, words),
        ft.Row(
            [
                secondary_button(words("form.cancel"), on_done),
                primary_button(words("care.convert_save"), save, icon=ft.Icons.CHECK, expand=True),
            ],
            spacing=GAP_S,
        ),
    )


@screen
def CloseTask(found: CareCard, on_done: Callable[[], object]) -> ft.Control:
    """Ask why the card is closed; the answer closes it."""
    app, words = use_app(), use_words()

    async def close(reason: str) -> None:
        await end_care(app.field, found.id, CareAction.CLOSE, words(f"close_reason.{reason}"))
        on_done()
        app.tell(words("care.closed"))

    return section(
        words("care.close_why"),
        choice_chips(
            [Option(one, words(f"close_reason.{one}")) for one in CLOSE_REASONS],
            None,
            close,
            name=words("care.close_why"),
        ),
        secondary_button(words("form.cancel"), on_done),
    )


def _history(app: App, rows: Rows, found: CareCard, words: Words) -> ft.Control:
    visits = sorted(
        rows.where(CareFollowUp, care_card_id=found.id), key=lambda one: one.at, reverse=True
    )
    now = app.field.now()
    opened = card(
        strong(words("care.opened")),
        note(f"{staff_name(rows, found.originator_id)} · {clock(found.opened_at, now, words)}"),
        spacing=2,
    )
    return section(
        words("care.history"),
        *(
            card(
                strong(words.name(visit.how)),
                note(
                    f"{staff_name(rows, visit.by_id)} · {clock(visit.at, now, words)} {visit.note}"
                ),
                spacing=2,
            )
            for visit in visits
        ),
        opened,
    )
