"""Files in memory: what a screen asked for is noted."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Sequence

from client.status import FileItem, FileState
from shared.domain.attachment import AttachmentKind, AttachmentObject, MediaType

MADE_AT = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)


def photo_of(object_id: str, **changes: object) -> FileItem:
    """Return a photo of one's own that is on the phone only."""
    item = FileItem(
        object_id=object_id,
        sha256="a" * 64,
        kind=AttachmentKind.PHOTO,
        media_type=MediaType.JPEG,
        size=300_000,
        made_at=MADE_AT,
        made_by_id="",
        state=FileState.WAITING,
        is_mine=True,
        is_here=True,
    )
    return dataclasses.replace(item, **changes)  # type: ignore[arg-type]


class FakeFiles:
    """The files of a `FakeField`."""

    def __init__(self) -> None:
        self.items: list[FileItem] = []
        self.takes_photos = True
        self.records_sound = True
        self.failure: Exception | None = None  # Raised by whatever is called next.
        self.recorded: list[str] = []
        self.played: list[str] = []
        self.is_recording = False

    def of(self, object_id: str) -> Sequence[FileItem]:
        return [item for item in self.items if item.object_id == object_id]

    async def attach_photo(self, table: AttachmentObject, object_id: str, content: bytes) -> None:
        self._fail()
        digest = hashlib.sha256(content).hexdigest()
        self.items.append(photo_of(object_id, sha256=digest))
        self.recorded.append(f"photo of {table}")

    async def start_recording(self, table: AttachmentObject, object_id: str) -> None:
        self._fail()
        del table, object_id
        self.is_recording = True

    async def keep_recording(self, table: AttachmentObject, object_id: str) -> None:
        self.is_recording = False
        self._fail()
        self.items.append(photo_of(object_id, sha256="b" * 64, kind=AttachmentKind.VOICE))
        self.recorded.append(f"voice of {table}")

    async def drop_recording(self) -> bytes:
        self.is_recording = False
        return b""

    async def content(self, item: FileItem) -> bytes:
        self._fail()
        return b"\xff\xd8\xff" + item.sha256.encode()

    async def play(self, item: FileItem) -> None:
        self._fail()
        self.played.append(item.sha256)

    async def remove(self, item: FileItem) -> None:
        self._fail()
        self.items.remove(item)

    def _fail(self) -> None:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
