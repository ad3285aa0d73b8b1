"""Photos and voice notes of a run: who attaches what, and what was said to be kept."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from client.engine import Field
from client.status import FileItem, FileState
from shared.domain.attachment import (
    KINDS,
    Attachment,
    AttachmentKind,
    AttachmentObject,
    Bearer,
    people_of,
    takes_files,
)
from shared.domain.care_card import CareCard
from shared.domain.referral import Referral
from shared.domain.visit import Visit
from tests.server.blob_phone import VOICE

__all__ = ["Draft", "KeptPromise", "Microphone", "drawn_file", "drawn_look"]

PHOTO_BYTES = (2_000, 40_000)
"""Up to several pieces of the smallest kind that the app sends."""
_TABLES: dict[type[Bearer], AttachmentObject] = {
    Referral: AttachmentObject.REFERRAL,
    Visit: AttachmentObject.VISIT,
    CareCard: AttachmentObject.CARE_CARD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPromise:
    """A file that `Files` has returned for: it must reach the server, or its fate be known.

    Attributes:
        sha256: Of the bytes as the phone keeps them.
        at_ms: When it was made, in truth.
    """

    object_table: AttachmentObject
    object_id: str
    sha256: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A file that somebody is about to attach."""

    table: AttachmentObject
    object_id: str
    kind: AttachmentKind
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class Microphone:
    """A phone's microphone, which hears what the run has somebody say."""

    def __init__(self) -> None:
        self.spoken = b""

    async def start(self) -> None:
        """Begin to record."""

    async def stop(self) -> bytes:
        spoken, self.spoken = self.spoken, b""
        return spoken

    async def play(self, content: bytes, media_type: str) -> None:
        """Let nobody hear it."""


def drawn_file(chance: random.Random, field: Field) -> Draft | None:
    """Return a file that the person of *field* could attach to something; None for nothing."""
    me, world = field.me.id, field.world
    bearers: list[Bearer] = [
        row
        for table in _TABLES
        for row in world.where(table)
        if me in people_of(row) and takes_files(row)
    ]
    if not bearers:
        return None
    bearer = bearers[chance.randrange(len(bearers))]
    table = _TABLES[type(bearer)]
    kinds = sorted(KINDS[table])
    kind = kinds[chance.randrange(len(kinds))]
    if kind is AttachmentKind.VOICE:
        content = VOICE + chance.randbytes(chance.randint(100, 9_000))
    else:
        content = _photo(chance.randbytes(chance.randint(*PHOTO_BYTES)))
    return Draft(table=table, object_id=bearer.id, kind=kind, content=content)


def drawn_look(chance: random.Random, field: Field) -> FileItem | None:
    """Return a file that the person of *field* could look at; None when none is shown."""
    shown = field.world.where(Attachment, removed_at=None)
    if not shown:
        return None
    attachment = shown[chance.randrange(len(shown))]
    items = [
        item
        for item in field.files.of(attachment.object_id)
        if item.state is FileState.ATTACHED and item.sha256 == attachment.sha256
    ]
    return items[0] if items else None


def _photo(noise: bytes) -> bytes:
    """Return a JPEG without anything that the app would take out."""
    return b"\xff\xd8\xff\xda\0\x02" + noise.replace(b"\xff", b"\xfe") + b"\xff\xd9"
