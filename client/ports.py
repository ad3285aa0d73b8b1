"""The engine as the screens know it: they neither store nor send, and import nothing that does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from client.status import (
    CarriedBundle,
    Draft,
    ExportedFile,
    FieldState,
    FileItem,
    FileTaken,
    HandedOver,
    InstallationStatus,
    OutboxItem,
    PointsSummary,
    Recorded,
    SyncStatus,
)
from shared.canonical import Json
from shared.domain.attachment import AttachmentObject
from shared.domain.people import Actor, Staff
from shared.domain.rows import Rows

__all__ = ["Drafts", "Field", "Files", "FirstPad", "HandOver", "Installation", "NoFirstPad"]


class Drafts(Protocol):
    """What was typed and not yet recorded; kept at each change of a field."""

    def get(self, name: str) -> Draft | None:
        """Return the draft of that name, or None."""
        ...

    def names(self) -> list[str]:
        """Return the names of all drafts."""
        ...

    def keep(self, name: str, values: Mapping[str, Json]) -> None:
        """Keep *values* as the draft of that form, within a quarter of a second."""
        ...

    async def discard(self, name: str) -> None:
        """Forget a draft; nothing happens when there is none."""
        ...


class Files(Protocol):
    """Photos and voice notes of the records (`client.files.Files`)."""

    @property
    def takes_photos(self) -> bool:
        """Say whether this device can make a photo fit to be kept."""
        ...

    @property
    def records_sound(self) -> bool:
        """Say whether there is a microphone that the app can ask for."""
        ...

    def of(self, object_id: str) -> Sequence[FileItem]:
        """Return the files of an object, oldest first."""
        ...

    async def attach_photo(self, table: AttachmentObject, object_id: str, content: bytes) -> None:
        """Keep a photo for an object; on return it survives a power cut."""
        ...

    async def start_recording(self, table: AttachmentObject, object_id: str) -> None:
        """Begin a voice note for an object."""
        ...

    async def keep_recording(self, table: AttachmentObject, object_id: str) -> None:
        """End the voice note, and keep it; on return it survives a power cut."""
        ...

    async def drop_recording(self) -> bytes:
        """End the voice note without keeping it."""
        ...

    async def content(self, item: FileItem) -> bytes:
        """Return the bytes of a file, fetched now if need be."""
        ...

    async def play(self, item: FileItem) -> None:
        """Play a voice note."""
        ...

    async def remove(self, item: FileItem) -> None:
        """Take a file away, here and everywhere."""
        ...


class HandOver(Protocol):
    """What waits as a sealed file, and colleagues' files (`client.hand_over.HandOver`)."""

    @property
    def handed_over(self) -> HandedOver | None:
        """Say when a bundle was saved last of what still waits."""
        ...

    async def export(self) -> ExportedFile:
        """Return what waits as a file that the server alone can read; all of it stays waiting."""
        ...

    async def note_exported(self, made: ExportedFile) -> None:
        """Note that *made* was saved."""
        ...

    async def take(self, content: bytes) -> FileTaken:
        """Take in a file: a colleague's bundle, or an answer to one's own."""
        ...

    def carried(self) -> Sequence[CarriedBundle]:
        """Return the colleagues' bundles that are here, the latest first."""
        ...

    async def answer(self, digest: str) -> ExportedFile:
        """Return the answer to a colleague's bundle as a file."""
        ...

    async def note_handed_back(self, digest: str) -> None:
        """Note that the answer to a colleague's bundle was saved."""
        ...

    async def drop(self, digest: str) -> None:
        """Forget a colleague's bundle."""
        ...


class Installation(Protocol):
    """How the app sits on this device (`client.installation.Installation`)."""

    @property
    def status(self) -> InstallationStatus:
        """Say what is known of it."""
        ...

    async def look(self) -> None:
        """Ask the device anew."""
        ...

    async def install(self) -> None:
        """Let the device ask the person whether the app may be installed."""
        ...

    async def dismiss_news(self) -> None:
        """Note that the person has read what is new."""
        ...


class Field(Protocol):
    """The engine as the screens know it (`client.engine.Field`)."""

    @property
    def state(self) -> FieldState:
        """Say what the app can show now."""
        ...

    @property
    def version(self) -> int:
        """Rise with every change of the records."""
        ...

    @property
    def status(self) -> SyncStatus:
        """Say what waits, since when, the last contact."""
        ...

    @property
    def me(self) -> Staff:
        """Return the person whose phone this is; only when open."""
        ...

    @property
    def actor(self) -> Actor:
        """Return that person as somebody who acts; only when open."""
        ...

    @property
    def world(self) -> Rows:
        """Return all rows that the phone holds, with the outbox laid over; only when open."""
        ...

    @property
    def drafts(self) -> Drafts:
        """Return what was typed and not recorded; only when open."""
        ...

    @property
    def files(self) -> Files:
        """Return photos and voice notes of the records; only when open."""
        ...

    @property
    def hand_over(self) -> HandOver:
        """Return the files by which records go another way; only when open."""
        ...

    @property
    def installation(self) -> Installation:
        """Return how the app sits on this device."""
        ...

    def now(self) -> dt.datetime:
        """Return the best guess of the time, in UTC."""
        ...

    def today(self) -> dt.date:
        """Return the date in Asia/Shanghai."""
        ...

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call *callback* after every change; the result ends that."""
        ...

    async def load(self) -> FieldState:
        """Read what the device keeps; first of all."""
        ...

    def start(self) -> None:
        """Begin to sync by itself, in the running event loop."""
        ...

    def foreground(self) -> None:
        """Note that the app came to the front: try to sync at once."""
        ...

    async def enrol(self, code: str, label: str) -> None:
        """Bind this device to the person whose code that is."""
        ...

    async def set_pin(self, pin: str) -> None:
        """Choose the PIN of a device that was just enrolled."""
        ...

    async def unlock(self, pin: str) -> None:
        """Open the records."""
        ...

    async def change_pin(self, old: str, new: str) -> None:
        """Choose another PIN."""
        ...

    @property
    def may_forget_pin(self) -> bool:
        """Say whether a new code vouches for a person who has forgotten the PIN."""
        ...

    async def forget_pin(self) -> None:
        """Let a new PIN be chosen; what was not sent stays sealed under the old one."""
        ...

    async def lock(self) -> None:
        """Close the records until the PIN is given again."""
        ...

    def pin_wait_s(self) -> int:
        """Return the seconds until the next try of the PIN may be made."""
        ...

    def new_id(self) -> str:
        """Return a fresh id for an object that is recorded next."""
        ...

    async def record(self, name: str, args: object, *, draft: str | None = None) -> Recorded:
        """Keep a mutation durably; on return it is in `world`, and *draft* is forgotten."""
        ...

    def outbox(self) -> Sequence[OutboxItem]:
        """Return what was recorded here, newest first."""
        ...

    def ops_about(self, row_id: str) -> Sequence[OutboxItem]:
        """Return what was recorded here about one object, oldest first."""
        ...

    async def acknowledge(self, seq: int) -> None:
        """Note that the person has seen what became of a record."""
        ...

    def args_of(self, seq: int) -> Mapping[str, Json]:
        """Return what was recorded, as it was."""
        ...

    async def sync_now(self) -> SyncStatus:
        """Sync once, now."""
        ...

    def points(self, period: str | None = None) -> PointsSummary:
        """Return a month's points in three parts."""
        ...


class FirstPad(Protocol):
    """A PIN pad that stands before the screens do, and takes digits meanwhile."""

    async def take(self) -> str:
        """Return the digits typed on it, once, and take it away: the app's own pad stands.

        It waits while somebody is in the middle of a PIN. The next start shows it again.
        """
        ...

    async def away(self) -> None:
        """Take it away without what was typed: no PIN is asked for, nor at the next start."""
        ...


class NoFirstPad:
    """The `FirstPad` of a device whose screens stand at once."""

    async def take(self) -> str:
        """Return that nothing was typed."""
        return ""

    async def away(self) -> None:
        """Do nothing: there is none."""
