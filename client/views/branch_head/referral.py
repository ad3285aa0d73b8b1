"""A referral as the branch head sees it: its way, who has it, and what they may do about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import flet as ft

from client.actions.phone import masked
from client.components.attachments import AttachmentsPart
from client.components.buttons import quiet_button, secondary_button
from client.components.cards import card, empty_state, section, tap_card
from client.components.text import note, strong
from client.components.when import clock
from client.design import GAP_S, WARN
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.branch_head.assign import AssignPanel
from client.views.branch_head.entry_rows import signed
from client.views.branch_head.evidence import referral_evidence
from client.views.branch_head.voucher import voucher_card
from client.views.desk.contact import number_of
from client.views.desk.naming import staff_name
from client.views.desk.panes import detail_page
from client.views.desk.reasons import ReasonPanel
from client.views.desk.states import points_badge
from client.views.workplace import screen
from shared.domain.attachment import AttachmentObject
from shared.domain.customer import ContactReveal, RevealContact, contact_id_of
from shared.domain.explanation import ExplanationLine, explain
from shared.domain.points import PointsEntry
from shared.domain.referral import (
    OPEN_STATUSES,
    TRANSITIONS,
    NamedReferral,
    ReasonedReferral,
    Referral,
    ReferralAction,
    ReferralStatus,
)
from shared.domain.rows import Rows

__all__ = ["ReferralPanel", "ReferralScreen"]

ASSIGNING, VOIDING, REVEALING = "assigning", "voiding", "revealing"
VOID_REASONS = ("void.no_consent", "void.mistake", "void.not_a_customer")
REVEAL_REASONS = ("reveal.complaint", "reveal.check", "reveal.absent")


@screen
def ReferralScreen(lead_id: str) -> ft.Control:
    """Show a referral on a page of its own."""
    return ft.Column([ReferralPanel(lead_id, key=lead_id)], spacing=0, expand=True)


@screen
def ReferralPanel(lead_id: str) -> ft.Control:
    """Show a referral with what the branch head may do: assign, check, reveal, declare void."""
    app, words, rows = use_app(), use_words(), use_world()
    doing, do = ft.use_state("")
    lead = rows.get(Referral, lead_id)
    if lead is None:
        return empty_state(words("wm.lead_gone"), detail=words("wm.lead_gone_detail"))

    async def verify() -> None:
        await app.field.record("verify_referral", NamedReferral(id=lead_id))
        app.tell(words("bh.verified"), tone="good")

    return detail_page(
        [
            section(words("bh.verify_title"), voucher_card(lead, words, verify))
            if lead.status is ReferralStatus.SUCCEEDED
            else None,
            _panel(app, lead, words, doing, do),
            _owner(rows, lead, words, do) if doing != ASSIGNING else None,
            referral_evidence(app, rows, lead, words),
            section(words("wm.reach"), _number(app, rows, lead, words, do)),
            AttachmentsPart(AttachmentObject.REFERRAL, lead.id),
            _points(app, rows, lead, words),
            ft.Row([quiet_button(words("bh.void"), lambda: do(VOIDING), color=WARN)])
            if (lead.status, ReferralAction.VOID) in TRANSITIONS and doing != VOIDING
            else None,
        ]
    )


def _panel(
    app: App, lead: Referral, words: Words, doing: str, do: Callable[[str], object]
) -> ft.Control | None:
    async def void(reason: str) -> None:
        await app.field.record("void_referral", ReasonedReferral(id=lead.id, reason=reason))
        app.tell(words("bh.voided"))
        do("")

    async def reveal(reason: str) -> None:
        args = RevealContact(id=app.field.new_id(), customer_id=lead.customer_id, reason=reason)
        await app.field.record("reveal_contact", args)
        app.tell(words("bh.revealed"))
        do("")

    if doing == ASSIGNING:
        return AssignPanel(lead, lambda: do(""))
    if doing == VOIDING:
        return ft.Container(
            ReasonPanel(
                words("bh.void_why"),
                [words(key) for key in VOID_REASONS],
                words("bh.void_confirm"),
                void,
                lambda: do(""),
                draft=f"void:{lead.id}",
                detail=words("bh.void_detail"),
            ),
            key=VOIDING,
        )
    if doing == REVEALING:
        return ft.Container(
            ReasonPanel(
                words("bh.reveal_why"),
                [words(key) for key in REVEAL_REASONS],
                words("bh.reveal_confirm"),
                reveal,
                lambda: do(""),
                draft=f"reveal:{lead.id}",
                detail=words("bh.reveal_detail"),
                is_grave=False,
            ),
            key=REVEALING,
        )
    return None


def _owner(
    rows: Rows, lead: Referral, words: Words, do: Callable[[str], object]
) -> ft.Control | None:
    if (lead.status, ReferralAction.ASSIGN) not in TRANSITIONS:
        return None
    has_owner = lead.wealth_manager_id is not None
    said = (
        words("bh.with", name=staff_name(rows, lead.wealth_manager_id, words))
        if has_owner
        else words("bh.no_owner_yet")
    )
    return card(
        strong(said),
        secondary_button(
            words("bh.reassign" if has_owner else "bh.assign"),
            lambda: do(ASSIGNING),
            icon=ft.Icons.PERSON_ADD_ALT,
        ),
        tone=None if has_owner else "wait",
    )


def _number(
    app: App, rows: Rows, lead: Referral, words: Words, do: Callable[[str], object]
) -> ft.Control:
    """Show the number only after a reason was given, and for as long as the look lasts."""
    now = app.field.now()
    looks = [
        look
        for look in rows.where(ContactReveal, contact_id=contact_id_of(lead.customer_id))
        if look.by_id == app.field.me.id and look.expires_at > now
    ]
    phone = number_of(rows, lead.customer_id)
    if looks and phone:
        until = clock(max(look.expires_at for look in looks), now, words)
        return card(strong(phone), note(words("bh.reveal_until", when=until)))
    if looks:
        return card(note(words("bh.reveal_waits")))
    return card(
        strong(masked(phone)) if phone else None,
        note(words("bh.number_hidden")),
        ft.Row(
            [
                quiet_button(
                    words("bh.reveal"), lambda: do(REVEALING), icon=ft.Icons.VISIBILITY_OUTLINED
                )
            ]
        )
        if lead.status in OPEN_STATUSES or lead.status is ReferralStatus.SUCCEEDED
        else None,
    )


def _points(app: App, rows: Rows, lead: Referral, words: Words) -> ft.Control | None:
    """Show what the referral has earned, and whom; each entry opens what it rests on."""
    entries = rows.where(PointsEntry, evidence_table=Referral.TABLE, evidence_id=lead.id)
    if not entries:
        return None
    explained = explain(entries)
    payees = {entry.id: entry.payee_id for entry in entries}
    return section(
        words("bh.earned", approved=explained.approved, pending=explained.pending),
        *[_line(app, rows, line, payees[line.entry_id], words) for line in explained.lines],
    )


def _line(app: App, rows: Rows, line: ExplanationLine, payee_id: str, words: Words) -> ft.Control:
    payee = staff_name(rows, payee_id, words)
    kind = words.name(line.kind)
    return tap_card(
        ft.Row([strong(kind, expand=True), strong(signed(line.points))]),
        ft.Row([note(payee), points_badge(line.status, words)], wrap=True, spacing=GAP_S),
        on_click=partial(app.navigation.open, f"/bh/entry/{line.entry_id}"),
        key=line.entry_id,
    )
