"""Attachments (附件): a photo of a card or a visit, a voice note; rows here, bytes elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, TypeAlias

from shared.domain.care_card import CareCard, CareStatus
from shared.domain.fields import Digest, Id, Whole
from shared.domain.moment import day_at_outlet
from shared.domain.policy import Policy
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows
from shared.domain.visit import Visit

__all__ = [
    "ATTACHMENTS_MAX",
    "ATTACHMENT_BYTES_MAX",
    "KINDS",
    "MEDIA_TYPES",
    "VOICE_SECONDS_MAX",
    "AttachFile",
    "Attachment",
    "AttachmentKind",
    "AttachmentObject",
    "Bearer",
    "MediaType",
    "RemoveAttachment",
    "bearer_of",
    "is_shown",
    "kept_until",
    "live_attachments",
    "people_of",
    "takes_files",
]

ATTACHMENT_BYTES_MAX = 4_000_000
"""A scaled photo has about 300 kB, a minute of speech about 250; beyond is a mistake."""

ATTACHMENTS_MAX = 8
"""Of one object, whoever attached them."""

VOICE_SECONDS_MAX = 60

Size: TypeAlias = Annotated[int, Whole(1, ATTACHMENT_BYTES_MAX)]


class AttachmentKind(StrEnum):
    """What an attachment is to a person."""

    PHOTO = "photo"
    VOICE = "voice"


class AttachmentObject(StrEnum):
    """The table of the object that bears an attachment."""

    REFERRAL = "referral"
    VISIT = "visit"
    CARE_CARD = "care_card"


class MediaType(StrEnum):
    """What the bytes are; the server looks at them and takes nobody's word."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    WEBM_AUDIO = "audio/webm"
    MP4_AUDIO = "audio/mp4"


Bearer: TypeAlias = Referral | Visit | CareCard

_BEARERS: dict[AttachmentObject, type[Bearer]] = {
    AttachmentObject.REFERRAL: Referral,
    AttachmentObject.VISIT: Visit,
    AttachmentObject.CARE_CARD: CareCard,
}

KINDS: dict[AttachmentObject, frozenset[AttachmentKind]] = {
    AttachmentObject.REFERRAL: frozenset({AttachmentKind.PHOTO, AttachmentKind.VOICE}),
    AttachmentObject.VISIT: frozenset({AttachmentKind.PHOTO}),
    AttachmentObject.CARE_CARD: frozenset({AttachmentKind.VOICE}),
}
"""What may be attached to what (PRODUCT §3)."""

MEDIA_TYPES: dict[AttachmentKind, frozenset[MediaType]] = {
    AttachmentKind.PHOTO: frozenset({MediaType.JPEG, MediaType.PNG, MediaType.WEBP}),
    AttachmentKind.VOICE: frozenset({MediaType.WEBM_AUDIO, MediaType.MP4_AUDIO}),
}

_TAKEN_BACK = frozenset({ReferralStatus.WITHDRAWN, ReferralStatus.VOID})
_CARDS_ENDED_BY_WISH = frozenset({CareStatus.WITHDRAWN, CareStatus.OPTED_OUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that belongs to an object; its bytes are asked for by `sha256`.

    `made_at` is the latest provable instant of its making; a removed one stays as a row that
    nobody holds.
    """

    TABLE: ClassVar[str] = "attachment"
    id: Id
    object_table: AttachmentObject
    object_id: Id
    kind: AttachmentKind
    sha256: Digest
    size: Size  # In bytes.
    media_type: MediaType
    made_by_id: Id
    made_at: dt.datetime
    removed_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachFile:
    """A file for an object; the server has its bytes by then."""

    id: Id
    object_table: AttachmentObject
    object_id: Id
    kind: AttachmentKind
    sha256: Digest
    size: Size  # In bytes.
    media_type: MediaType


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAttachment:
    """A file that its author takes away."""

    id: Id


def bearer_of(rows: Rows, table: AttachmentObject, object_id: str) -> Bearer | None:
    """Return the object of that table and id, or None."""
    return rows.get(_BEARERS[table], object_id)


def people_of(bearer: Bearer) -> frozenset[str]:
    """Return the ids of those who work on the object: they may attach, others only look."""
    if isinstance(bearer, Referral):
        ids = {bearer.referrer_id, bearer.wealth_manager_id, bearer.escort_id}
    elif isinstance(bearer, Visit):
        ids = {bearer.wealth_manager_id, *bearer.helper_ids}
    else:
        ids = {bearer.originator_id, bearer.owner_id}
    return frozenset(staff_id for staff_id in ids if staff_id is not None)


def takes_files(bearer: Bearer) -> bool:
    """Tell whether anything may still be attached: not to what was taken back or joined."""
    if isinstance(bearer, Referral):
        return bearer.status not in _TAKEN_BACK | {ReferralStatus.JOINED}
    return not isinstance(bearer, CareCard) or bearer.status not in _CARDS_ENDED_BY_WISH


def is_shown(attachment: Attachment, bearer: Bearer | None) -> bool:
    """Tell whether anybody may see the file: neither it nor its object was taken back."""
    if attachment.removed_at is not None or bearer is None:
        return False
    is_joined = isinstance(bearer, Referral) and bearer.status is ReferralStatus.JOINED
    return is_joined or takes_files(bearer)


def kept_until(attachment: Attachment, bearer: Bearer | None, policy: Policy) -> dt.date | None:
    """Return the last day on which the file may be kept, or None when it may not be any more.

    It goes with its author's removal, with a withdrawn or void record, and with a customer who
    wants no contact; else with the time after which the records themselves go (PRODUCT §11).
    """
    if not is_shown(attachment, bearer):
        return None
    made_on = day_at_outlet(attachment.made_at)
    if isinstance(bearer, Referral) and bearer.status is ReferralStatus.JOINED:
        return made_on + dt.timedelta(days=policy.duplicate_kept_days)
    return _months_after(made_on, policy.unconverted_kept_months)


def live_attachments(rows: Rows, object_id: str) -> list[Attachment]:
    """Return what hangs on an object and was not removed, oldest first."""
    found = rows.where(Attachment, object_id=object_id)
    return sorted(
        (one for one in found if one.removed_at is None), key=lambda one: (one.made_at, one.id)
    )


def _months_after(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or that month's last one."""
    years, month = divmod(day.month - 1 + months, 12)
    first_of_next = dt.date(day.year + years + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last_day = (first_of_next - dt.timedelta(days=1)).day
    return dt.date(day.year + years, month + 1, min(day.day, last_day))
