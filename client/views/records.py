"""What one recorded: leads, sales, care cards, each with how far it has come."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cached_property

import flet as ft

from client.components.buttons import secondary_button
from client.components.cards import badge, card, empty_state, fact, tap_card
from client.components.chips import Option, choice_chips
from client.components.fields import text_field
from client.components.layout import page_body
from client.components.paging import PagedList
from client.components.text import body, note, strong
from client.components.when import clock
from client.design import GAP_S
from client.search import finds
from client.state import App, use_app, use_words, use_world
from client.status import OutboxItem, OutboxState
from client.strings import Words
from client.views.about import record_about
from client.views.labels import customer_name, outbox_step, village_name
from client.views.postman.rows import care_row, lead_row
from client.views.refusal import refusal_card
from client.views.workplace import screen
from shared.domain.care_card import CARERS, OPEN_CARDS, CareCard
from shared.domain.customer import CustomerContact, contact_id_of
from shared.domain.referral import Referral
from shared.domain.round import recorded_referrals
from shared.domain.rows import Rows

__all__ = ["RecordScreen", "RecordsTab"]

OBJECTS = {
    "submit_referral": "/postman/lead/{}",
    "report_harvest_date": "/postman/sale/{}",
    "open_care_card": "/postman/care/{}",
}
FOOTER_ROOM = 8


class Part(StrEnum):
    """What of the records is listed."""

    LEADS = "leads"
    CARDS = "cards"
    ALL = "all"


@screen
def RecordsTab() -> ft.Control:
    """List what one recorded, newest first."""
    app, words, rows = use_app(), use_words(), use_world()
    part, set_part = ft.use_state(Part.LEADS)
    typed, search = ft.use_state("")
    # At each key of a search among thousands; only the records themselves change it.
    known = ft.use_memo(lambda: _Known(rows, app.field.me.id), [app.field.version])
    head: list[ft.Control] = [
        choice_chips(
            [Option(one, words(f"records.{one.value}")) for one in Part],
            part,
            set_part,
            name=words("records.parts"),
        )
    ]
    if part is not Part.ALL:
        hint = words("records.search_hint")
        head.append(text_field(words("records.search"), typed, search, hint=hint, length_max=30))
    lists: dict[Part, Callable[[], ft.Control]] = {
        Part.LEADS: lambda: _leads(app, known, words, head, typed),
        Part.CARDS: lambda: _cards(app, known, words, head, typed),
        Part.ALL: lambda: _all(app, words, head),
    }
    return lists[part]()


class _Known:
    """A person's records, sorted, and by which words each is found; made as far as is asked for."""

    def __init__(self, rows: Rows, staff_id: str) -> None:
        self.rows = rows
        self._staff_id = staff_id
        self._marks: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    @cached_property
    def leads(self) -> list[Referral]:
        return recorded_referrals(self.rows, self._staff_id)

    @cached_property
    def cards(self) -> list[CareCard]:
        mine = {
            one.id: one
            for one in (
                *self.rows.where(CareCard, owner_id=self._staff_id),
                *self.rows.where(CareCard, originator_id=self._staff_id),
            )
        }
        return sorted(
            mine.values(),
            key=lambda one: (one.status not in OPEN_CARDS, one.next_contact_on, one.id),
        )

    def is_meant(self, one: Referral | CareCard, typed: str) -> bool:
        """Tell whether a record is about whom the person looks for."""
        if not typed.strip():
            return True
        marks = self._marks.get(one.id)
        if marks is None:
            rows = self.rows
            contact = rows.get(CustomerContact, contact_id_of(one.customer_id))
            texts = (customer_name(rows, one.customer_id), village_name(rows, one.village_id))
            marks = self._marks[one.id] = texts, (contact.phone,) if contact else ()
        return finds(typed, *marks)


def _none_found(words: Words) -> ft.Control:
    detail = words("records.none_found_detail")
    return empty_state(words("records.none_found"), detail=detail, icon=ft.Icons.SEARCH_OFF)


def _leads(app: App, known: _Known, words: Words, head: list[ft.Control], typed: str) -> ft.Control:
    made = {str(op.args.get("id")): op for op in app.field.outbox() if op.name == "submit_referral"}
    return PagedList(
        [one for one in known.leads if known.is_meant(one, typed)],
        lambda one: lead_row(app, known.rows, one, made.get(one.id), words),
        head=head,
        empty=_none_found(words)
        if known.leads
        else empty_state(
            words("records.no_leads"),
            detail=words("records.no_leads_detail"),
            icon=ft.Icons.PERSON_ADD_ALT_1_OUTLINED,
            action=secondary_button(
                words("lead.new"), lambda: app.navigation.open("/postman/lead"), icon=ft.Icons.ADD
            ),
        ),
    )


def _cards(app: App, known: _Known, words: Words, head: list[ft.Control], typed: str) -> ft.Control:
    new = ft.Row(
        [
            secondary_button(
                words("care.new"), lambda: app.navigation.open("/postman/care"), icon=ft.Icons.ADD
            )
        ]
    )
    return PagedList(
        [one for one in known.cards if known.is_meant(one, typed)],
        lambda one: care_row(app, known.rows, one, app.field.today(), words),
        # Without a referral, only who follows cards up may open one.
        head=[*head, new] if app.field.actor.holds(*CARERS) else head,
        empty=_none_found(words)
        if known.cards
        else empty_state(
            words("records.no_cards"),
            detail=words("records.no_cards_detail"),
            icon=ft.Icons.FAVORITE_BORDER,
        ),
    )


def _all(app: App, words: Words, head: list[ft.Control]) -> ft.Control:
    return PagedList(
        app.field.outbox(),
        lambda op: _op_row(app, op, words),
        head=head,
        empty=empty_state(
            words("records.nothing"),
            detail=words("records.nothing_detail"),
            icon=ft.Icons.RECEIPT_LONG_OUTLINED,
        ),
    )


def _op_row(app: App, op: OutboxItem, words: Words) -> ft.Control:
    text, tone = _state(op, words)
    what = words(f"mutation.{op.name}")
    when = clock(op.recorded_at, app.field.now(), words)
    about = record_about(app.field.world, op, words)
    return tap_card(
        strong(what),
        body(about, max_lines=2) if about else None,
        ft.Row([badge(text, tone), note(when)], wrap=True, spacing=GAP_S),
        on_click=lambda: app.navigation.open(f"/record/{op.seq}"),
        key=str(op.seq),
    )


def _state(op: OutboxItem, words: Words) -> tuple[str, str]:
    if op.state is OutboxState.OK:
        number = op.receipt_number
        return words("receipt.received", n=number if number is not None else "—"), "good"
    step = outbox_step(op, words)
    return step.text, step.tone


@screen
def RecordScreen(seq: str) -> ft.Control:
    """Show one record of this phone: what, when, and what became of it."""
    app, words = use_app(), use_words()
    use_world()
    found = [op for op in app.field.outbox() if str(op.seq) == seq]
    if not found:
        return page_body([empty_state(words("record.gone"), icon=ft.Icons.SEARCH_OFF)])
    op = found[0]
    now = app.field.now()
    text, tone = _state(op, words)
    about = record_about(app.field.world, op, words)
    facts = [
        ft.Row([badge(text, tone)]),
        fact(words("record.what"), words(f"mutation.{op.name}")),
        fact(words("record.whom"), about) if about else None,
        fact(words("record.at"), clock(op.recorded_at, now, words)),
        fact(words("record.seq"), str(op.seq)),
    ]
    if op.received_at is not None:
        facts.append(fact(words("record.received"), clock(op.received_at, now, words)))
    if op.receipt_number is not None:
        facts.append(fact(words("record.receipt"), str(op.receipt_number)))
    parts: list[ft.Control] = [card(*facts)]
    if op.state is OutboxState.REJECTED or op.problem is not None:
        parts.insert(0, refusal_card(app, op, words))
    path = OBJECTS.get(op.name)
    if path is not None and op.state is not OutboxState.REJECTED:
        where = path.format(op.args.get("id"))
        parts.append(secondary_button(words("record.open"), lambda: app.navigation.open(where)))
    parts.append(ft.Container(height=FOOTER_ROOM))
    return page_body(parts)
