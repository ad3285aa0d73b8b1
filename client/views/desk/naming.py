"""What people, villages, customers and tags are called; never an id, also when a row is missing."""

from __future__ import annotations

from client.strings import Words
from shared.domain.customer import Customer
from shared.domain.harvest import HarvestDate
from shared.domain.people import Staff
from shared.domain.referral import Referral
from shared.domain.rows import Rows
from shared.domain.village import Crop, Village

__all__ = [
    "crop_name",
    "customer_name",
    "referral_topic",
    "sale_of",
    "staff_name",
    "tag_name",
    "village_name",
]


def staff_name(rows: Rows, staff_id: str | None, words: Words) -> str:
    """Return a person's name."""
    staff = rows.get(Staff, staff_id) if staff_id else None
    return staff.name if staff else words("desk.somebody")


def village_name(rows: Rows, village_id: str | None, words: Words) -> str:
    """Return a village's name; who came to the outlet has none."""
    if village_id is None:
        return words("desk.no_village")
    village = rows.get(Village, village_id)
    return village.name if village else words("desk.some_village")


def crop_name(rows: Rows, crop_id: str, words: Words) -> str:
    """Return what is grown."""
    crop = rows.get(Crop, crop_id)
    return crop.name if crop else words("desk.some_crop")


def customer_name(rows: Rows, customer_id: str, words: Words) -> str:
    """Return a customer's name or salutation."""
    customer = rows.get(Customer, customer_id)
    return customer.name if customer else words("desk.some_customer")


def tag_name(tag: str, words: Words) -> str:
    """Return a tag in words: dialects and kit come from the county's workbook as they are said."""
    for key in (f"need.{tag}", f"tag.{tag}"):
        if words.knows(key):
            return words(key)
    return tag


def sale_of(rows: Rows, referral: Referral) -> HarvestDate | None:
    """Return the sale that a lead came from, if it is known here."""
    if referral.harvest_date_id is None:
        return None
    sale = rows.get(HarvestDate, referral.harvest_date_id)
    if sale is not None and sale.joined_id is not None:
        return rows.get(HarvestDate, sale.joined_id)
    return sale


def referral_topic(referral: Referral, words: Words) -> str:
    """Return what the lead is about, in one line: need, interest, about how much."""
    parts = [
        words.name(referral.need),
        words("desk.interest", level=words.name(referral.interest)),
    ]
    if referral.amount_band is not None:
        parts.append(words.name(referral.amount_band))
    return words("desk.dot").join(parts)
