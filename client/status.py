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
    "CarriedBundle",
    "CarriedState",
    "Draft",
    "ExportedFile",
    "FieldState",
    "FileItem",
    "FileState",
    "FileTaken",
    "HandedOver",
    "InstallWay",
    "InstallationStatus",
    "OutboxItem",
    "OutboxState",
    "Phase",
    "PointsSummary",
    "Problem",
    "Recorded",
    "SyncStatus",
]

CLIENT_SLUGS = (
    "answer-foreign",
    "bundle-tray-full",
    "file-damaged",
    "file-unavailable",
    "invalid-argument",
    "microphone-refused",
    "no-sealing-key",
    "nothing-waits",
    "open-elsewhere",
    "photo-unreadable",
    "pin-not-digits",
    "pin-wait",
    "pin-wait-full",
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


class CarriedState(StrEnum):
    """How far a colleague's bundle has come."""

    WAITING = "waiting"  # On this phone, not uploaded.
    EARLIER = "earlier"  # The server waits for an earlier one of the same phone.
    ANSWERED = "answered"  # Uploaded; its answer waits to be handed back.
    REFUSED = "refused"  # The server can't use it.


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedBundle:
    """A colleague's bundle on this phone; nobody here can see what is in it.

    Attributes:
        label: By what two people tell it among others; it is in the names of its files.
        has_answer: Whether there is something to hand back.
        is_handed_back: Whether that was saved as a file.
    """

    digest: str
    label: str
    state: CarriedState
    taken_at: dt.datetime
    problem: Problem | None = None
    has_answer: bool = False
    is_handed_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """A file to be saved or passed on.

    Attributes:
        label: The bundle's; for the file's name.
        records: How many records are in it.
        last: The highest sequence in it.
        left_out: How many more wait that had no room in it.
    """

    label: str
    content: bytes
    records: int = 0
    last: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTaken:
    """What a file that was taken in turned out to be.

    Attributes:
        bundle: A colleague's; None when it was an answer to one's own.
        settled: How many records of one's own the answer has settled.
        problem: What the server says is the matter with this phone, if anything.
    """

    bundle: CarriedBundle | None = None
    settled: int = 0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """That a bundle was saved, and up to which record."""

    at: dt.datetime
    last: int


class InstallWay(StrEnum):
    """How the app comes onto the home screen."""

    INSTALLED = "installed"
    OFFERED = "offered"  # The browser asks the person when it is told to.
    BY_HAND = "by-hand"  # Safari on an iPhone: by its share menu.
    NONE = "none"  # Nobody says how.


LOW_BYTES = 50_000_000
"""Room for a day of photos, and for an update beside the version that runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationStatus:
    """How the app sits on this device.

    Attributes:
        quota_bytes: What it may use; 0 where the device does not say.
        is_persistent: Whether the device promised to keep it; None where that is no question.
        is_full: Whether the last record found no room.
        news: The releases that the person has not been told about, newest first.
    """

    used_bytes: int = 0
    quota_bytes: int = 0
    is_persistent: bool | None = None
    is_full: bool = False
    install_way: InstallWay = InstallWay.NONE
    news: tuple[str, ...] = ()

    @property
    def left_bytes(self) -> int:
        """How much more may be kept."""
        return max(0, self.quota_bytes - self.used_bytes)

    @property
    def is_low(self) -> bool:
        """Whether room is running out."""
        return self.is_full or (self.quota_bytes > 0 and self.left_bytes < LOW_BYTES)


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
