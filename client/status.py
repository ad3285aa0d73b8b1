"""What the engine tells the screens: plain values that know neither storage nor network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.canonical import Json
from shared.domain.attachment import AttachmentKind, MediaType

__all__ = [
    "CLIENT_SLUGS",
    "Draft",
    "FieldState",
    "FileItem",
    "FileState",
    "OutboxItem",
    "OutboxState",
    "Phase",
    "PointsSummary",
    "Problem",
    "Recorded",
    "SyncStatus",
]

CLIENT_SLUGS = (
    "file-damaged",
    "file-unavailable",
    "invalid-argument",
    "microphone-refused",
    "open-elsewhere",
    "photo-unreadable",
    "pin-not-digits",
    "pin-wait",
    "pin-wrong",
    "server-answer-unreadable",
    "storage-full",
    "unreachable",
    "vault-damaged",
    "voice-empty",
)
"""Slugs that the phone itself raises; each needs its words, like those of the server.

Facts: `pin-wrong` has `tries_left`; `pin-wait` has `wait_s`; `invalid-argument` has `field`.
"""


class FieldState(StrEnum):
    """What the app can show now."""

    STARTING = "starting"  # Before `load` has returned.
    NOT_ENROLLED = "not_enrolled"
    PIN_NEEDED = "pin_needed"  # Enrolled, but no PIN chosen yet.
    LOCKED = "locked"
    OPEN = "open"
    ELSEWHERE = "elsewhere"  # Another window or process of the app holds the store.


class OutboxState(StrEnum):
    """Where a recorded mutation stands."""

    WAITING = "waiting"  # On this phone only.
    OK = "ok"
    REJECTED = "rejected"
    PARKED = "parked"  # The server keeps it for an administrator.
    DEFERRED = "deferred"  # The server waits for something that it depends on.
    DAMAGED = "damaged"  # Can't be read back; set aside and reported.


class Phase(StrEnum):
    """What the sync does now."""

    IDLE = "idle"
    SYNCING = "syncing"
    OFFLINE = "offline"  # Nobody answered; it tries again by itself.
    PAUSED = "paused"  # The server said no; `pause_slug` says why.


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something was refused: a slug of the catalogue, and the facts of its text."""

    slug: str
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What `Field.record` kept: the op's sequence, and the rows that it made or changed."""

    seq: int
    row_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A mutation recorded on this phone, and what became of it.

    Attributes:
        args: As on the wire.
        recorded_at: As the phone's clock said, corrected by the last anchor.
        receipt_number: What the server gave out, once it has received the op.
        received_at: The server's time of receipt.
        problem: Why the server refused it; while it waits, why the rules of this phone now do.
        row_ids: The rows that it makes or changes.
        is_seen: Whether the person has seen what became of it (`acknowledge`).
    """

    seq: int
    name: str
    args: Mapping[str, Json]
    recorded_at: dt.datetime
    state: OutboxState
    receipt_number: int | None = None
    received_at: dt.datetime | None = None
    problem: Problem | None = None
    row_ids: tuple[str, ...] = ()
    is_seen: bool = False


class FileState(StrEnum):
    """Where a file of an attachment stands."""

    WAITING = "waiting"  # On this phone only.
    SENDING = "sending"  # The server has a part of it.
    ATTACHED = "attached"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileItem:
    """A photo or a voice note of an object, here or at the server.

    Attributes:
        attachment_id: None until the operation that attaches it is recorded.
        sent_percent: How much of it the server is known to have, while it is on its way.
        problem: Why it does not go on.
        is_mine: Whether this person made it, and so may remove it.
        is_here: Whether its bytes are on this phone.
    """

    object_id: str
    sha256: str
    kind: AttachmentKind
    media_type: MediaType
    size: int
    made_at: dt.datetime
    made_by_id: str
    state: FileState
    attachment_id: str | None = None
    sent_percent: int = 0
    problem: Problem | None = None
    is_mine: bool = False
    is_here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """What waits, since when, the last contact, and what needs a look.

    Attributes:
        waiting: Recorded mutations whose result the phone does not hold.
        needs_me: Refused, parked and damaged records that nobody has looked at (`acknowledge`).
        pause_slug: `unauthenticated`, `device-revoked`, `forked`, `app-too-old` or another slug
            of the catalogue.
        pages_done: Pages of rows applied in the pull that runs, for a progress line.
        damaged: Journal records that could not be read back; they were set aside.
        replica_rebuilt: The local copy was damaged and is being fetched anew.
        files_waiting: Photos and voice notes made here that the server does not have yet.
    """

    phase: Phase
    waiting: int
    waiting_since: dt.datetime | None
    last_contact_at: dt.datetime | None
    needs_me: int
    pause_slug: str | None = None
    pages_done: int = 0
    damaged: int = 0
    replica_rebuilt: bool = False
    files_waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsSummary:
    """One's points of a month in three parts that are never added up to one number.

    Attributes:
        approved: Points of entries approved, settled or paid.
        pending: Points of entries that wait for approval.
        local_records: Referrals on this phone that the server has not received.
        local_points: What these would earn as valid leads; provisional.
    """

    period: str
    approved: int
    pending: int
    local_records: int
    local_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was typed into a form and not yet recorded."""

    name: str
    values: Mapping[str, Json]
    kept_at: dt.datetime
