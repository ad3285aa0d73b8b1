"""Whom or what a row, a notice or a record is about: a customer and village, or a sale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from client.status import OutboxItem
from client.strings import Words
from client.views.labels import crop_name, customer_name, staff_name, village_name
from shared.domain.care_card import CareCard
from shared.domain.customer import Customer
from shared.domain.harvest import HarvestDate
from shared.domain.notice import Notice, NoticeKind
from shared.domain.people import Device, Staff
from shared.domain.points import PointsEntry
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows
from shared.domain.village import Village
from shared.domain.visit import Visit

__all__ = ["record_about", "row_about", "said_notice", "said_record"]

NAMING = (
    "id",
    "referral_id",
    "care_card_id",
    "harvest_date_id",
    "visit_id",
    "customer_id",
    "staff_id",
)
"""The arguments that name an object, the one that says most first."""


def said_record(rows: Rows, item: OutboxItem, words: Words) -> str:
    """Return what was recorded, and of whom or what."""
    what, about = words(f"mutation.{item.name}"), record_about(rows, item, words)
    return words("record.said", what=what, about=about) if about else what


def said_notice(rows: Rows, notice: Notice, words: Words) -> str:
    """Return what a notice tells; a lead that the branch head voided was not lost."""
    lead = rows.get(Referral, notice.object_id)
    if notice.kind is NoticeKind.REFERRAL_LOST and lead and lead.status is ReferralStatus.VOID:
        return words("news.voided")
    return words.name(notice.kind)


def record_about(rows: Rows, item: OutboxItem, words: Words) -> str:
    """Return whom or what a record of this phone is about; empty when it says nothing of it.

    What was typed comes first: of a refused record it is all that is left.
    """
    args: Mapping[str, object] = item.args
    typed = _typed(rows, args, words)
    if typed:
        return typed
    named = [args.get(name) for name in NAMING]
    for row_id in (*named, *item.row_ids):
        said = row_about(rows, row_id, words) if isinstance(row_id, str) else ""
        if said:
            return said
    return _of_many(rows, args.get("ids"), words)


def row_about(rows: Rows, row_id: str, words: Words) -> str:
    """Return whom or what the row of that id is about, as far as the phone holds it."""
    entry = rows.get(PointsEntry, row_id)
    if entry is not None:
        return row_about(rows, entry.evidence_id, words)
    ways = (_of_lead, _of_care_card, _of_sale, _of_visit, _of_person)
    return next((said for way in ways if (said := way(rows, row_id, words))), "")


def _of_lead(rows: Rows, row_id: str, words: Words) -> str:
    lead = rows.get(Referral, row_id)
    if lead is None:
        return ""
    return _joined(rows, customer_name(rows, lead.customer_id), lead.village_id, words)


def _of_care_card(rows: Rows, row_id: str, words: Words) -> str:
    card = rows.get(CareCard, row_id)
    if card is None:
        return ""
    return _joined(rows, customer_name(rows, card.customer_id), card.village_id, words)


def _of_sale(rows: Rows, row_id: str, words: Words) -> str:
    sale = rows.get(HarvestDate, row_id)
    return "" if sale is None else _sale(rows, sale.village_id, sale.crop_id, words)


def _of_visit(rows: Rows, row_id: str, words: Words) -> str:
    visit = rows.get(Visit, row_id)
    if visit is None:
        return ""
    if visit.village_id is not None:
        return village_name(rows, visit.village_id)
    return "".join(_of_lead(rows, one, words) for one in visit.referral_ids[:1])


def _of_person(rows: Rows, row_id: str, words: Words) -> str:
    del words
    device = rows.get(Device, row_id)
    staff_id = row_id if device is None else device.staff_id
    if rows.get(Staff, staff_id) is not None:
        return staff_name(rows, staff_id)
    return customer_name(rows, row_id) if rows.get(Customer, row_id) is not None else ""


def _typed(rows: Rows, args: Mapping[str, object], words: Words) -> str:
    """Return the customer's name or the sale that was typed."""
    village_id, crop_id, name = (
        args.get(key) for key in ("village_id", "crop_id", "customer_name")
    )
    village = village_id if isinstance(village_id, str) else None
    if isinstance(name, str):
        return _joined(rows, name, village, words)
    if isinstance(crop_id, str) and village is not None:
        return _sale(rows, village, crop_id, words)
    return ""


def _of_many(rows: Rows, ids: object, words: Words) -> str:
    if not isinstance(ids, Sequence) or isinstance(ids, str) or not ids:
        return ""
    first = row_about(rows, str(ids[0]), words)
    if len(ids) == 1:
        return first
    return words("record.and_others", first=first, n=len(ids)) if first else ""


def _sale(rows: Rows, village_id: str, crop_id: str, words: Words) -> str:
    return words("sale.what", village=village_name(rows, village_id), crop=crop_name(rows, crop_id))


def _joined(rows: Rows, name: str, village_id: str | None, words: Words) -> str:
    if rows.get(Village, village_id or "") is None:
        return name
    return words("record.of", name=name, village=village_name(rows, village_id))
