"""The object that points rest on: a referral with its way, a sale with its versions, a card."""

from __future__ import annotations

import flet as ft

from client.components.cards import card, fact
from client.components.layout import stack
from client.components.text import body, heading, note
from client.components.when import clock, day
from client.state import App
from client.strings import Words
from client.views.desk.history import history
from client.views.desk.naming import (
    crop_name,
    customer_name,
    referral_topic,
    staff_name,
    village_name,
)
from client.views.desk.states import referral_badge
from client.views.desk.why import why_lines
from shared.domain.care_card import CareCard, CareFollowUp
from shared.domain.harvest import HarvestDate, HarvestDateVersion
from shared.domain.points import PointsEntry
from shared.domain.referral import Referral
from shared.domain.rows import Rows

__all__ = ["evidence", "referral_evidence"]

VERSIONS_MAX = 20


def evidence(app: App, rows: Rows, entry: PointsEntry, words: Words) -> ft.Control:
    """Show what *entry* rests on."""
    if entry.evidence_table == Referral.TABLE:
        lead = rows.get(Referral, entry.evidence_id)
        if lead is not None:
            return referral_evidence(app, rows, lead, words)
    if entry.evidence_table == HarvestDate.TABLE:
        sale = rows.get(HarvestDate, entry.evidence_id)
        if sale is not None:
            return _sale(app, rows, sale, words)
    if entry.evidence_table == CareCard.TABLE:
        found = rows.get(CareCard, entry.evidence_id)
        if found is not None:
            return _care_card(app, rows, found, words)
    return card(
        note(words("bh.evidence_missing")), note(f"{entry.evidence_table} {entry.evidence_id}")
    )


def referral_evidence(app: App, rows: Rows, lead: Referral, words: Words) -> ft.Control:
    """Show a referral's card, its way so far, and why it took that way."""
    numbers = [words("bh.card_number", number=lead.id)]
    if lead.receipt_number is not None:
        numbers.append(words("bh.receipt", number=lead.receipt_number))
    return stack(
        card(
            heading(customer_name(rows, lead.customer_id, words)),
            ft.Row([referral_badge(lead.status, words)]),
            body(
                words("desk.dot").join(
                    (village_name(rows, lead.village_id, words), referral_topic(lead, words))
                )
            ),
            note(words("desk.dot").join(numbers)),
            note(words("bh.complete" if lead.is_complete else "bh.not_complete")),
            fact(words("wm.note"), lead.note) if lead.note else None,
        ),
        card(history(app, rows, lead, words)),
        card(
            heading(words("bh.route")),
            *[note(line) for line in why_lines(rows, lead, app.field.me.id, words)],
            spacing=4,
        ),
    )


def _sale(app: App, rows: Rows, sale: HarvestDate, words: Words) -> ft.Control:
    today, now = app.field.today(), app.field.now()
    versions = sorted(
        rows.where(HarvestDateVersion, harvest_date_id=sale.id), key=lambda one: one.version
    )
    return card(
        heading(
            words(
                "day.sale",
                village=village_name(rows, sale.village_id, words),
                crop=crop_name(rows, sale.crop_id, words),
            )
        ),
        *[
            body(
                words(
                    "bh.version",
                    n=version.version,
                    when=clock(version.reported_at, now, words),
                    name=staff_name(rows, version.reported_by_id, words),
                    day=day(version.sale_from_on, today, words),
                    confidence=words.name(version.confidence),
                )
            )
            for version in versions[:VERSIONS_MAX]
        ],
    )


def _care_card(app: App, rows: Rows, found: CareCard, words: Words) -> ft.Control:
    now = app.field.now()
    follow_ups = sorted(rows.where(CareFollowUp, care_card_id=found.id), key=lambda one: one.at)
    return card(
        heading(customer_name(rows, found.customer_id, words)),
        fact(words("bh.care_by"), staff_name(rows, found.originator_id, words)),
        fact(words("bh.care_owner"), staff_name(rows, found.owner_id, words)),
        fact(words("bh.care_reason"), words.name(found.reason)),
        fact(words("bh.care_opened"), clock(found.opened_at, now, words)),
        *[
            body(
                words(
                    "bh.follow_up",
                    when=clock(one.at, now, words),
                    name=staff_name(rows, one.by_id, words),
                    how=words.name(one.how),
                )
            )
            for one in follow_ups[-VERSIONS_MAX:]
        ],
    )
