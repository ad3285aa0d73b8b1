"""Files of attachments on the phone: sealed, durable before anybody says "saved".

The list and each file are settings of their own, sealed like all else. What was made here and is
not attached at the server yet is never dropped by itself; what the server has is a copy that goes
when there is no room, or when its attachment leaves this person's scopes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, cast

from client.device import (
    DeviceKeys,
    SealedItem,
    Settings,
    SettingsError,
    StorageFullError,
    UnsealError,
)
from shared.canonical import canonical_bytes
from shared.domain.attachment import AttachmentKind, AttachmentObject, MediaType
from shared.domain.fields import Digest, Id
from shared.wire.envelope import ClockReading
from shared.wire.rows import decode, encode

__all__ = ["AttachmentStore", "FileKey", "KeptFile"]

_log = logging.getLogger(__name__)

COPIES_BYTES_MAX = 60_000_000
"""So much is kept of what the server has too; the least used goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file on this phone.

    Attributes:
        clock: What the clocks said when it was made here; None for one that was fetched.
        is_settled: Whether the server has it attached: what is here is a copy.
        used_at: When it was last looked at, by the phone's clock.
        missed_since: Since when its object is not on this phone, by the best guess of the time.
    """

    object_table: AttachmentObject
    object_id: Id
    kind: AttachmentKind
    sha256: Digest
    size: int
    media_type: MediaType
    used_at: int
    clock: ClockReading | None = None
    is_settled: bool = False
    missed_since: int | None = None

    @property
    def key(self) -> FileKey:
        """What tells it from all others here."""
        return (self.object_id, self.sha256)


FileKey = tuple[str, str]
"""The object's id and the digest: one photo may hang on two objects."""


class AttachmentStore:
    """The files of one person, in the device's settings."""

    def __init__(
        self,
        settings: Settings,
        keys: DeviceKeys,
        data_key: bytes,
        wall_ms: Callable[[], int],
        *,
        staff_id: str,
    ) -> None:
        """Keep them in *settings*, sealed under *data_key*; call `load` first."""
        self._settings = settings
        self._keys = keys
        self._data_key = data_key
        self._wall_ms = wall_ms
        self._name = f"files/{staff_id}"
        self._list_names = (f"{self._name}/list", f"{self._name}/list-copy")
        self._writing = asyncio.Lock()
        self.files: dict[FileKey, KeptFile] = {}

    async def load(self) -> None:
        """Read the list; where neither copy of it can be read, they are set aside."""
        found = [await self._read(name) for name in self._list_names]
        kept = next((values for values in found if values), None)
        if kept is None:
            if any(values is not None for values in found):
                await self._set_aside()
            return
        self.files = {file.key: file for file in kept["files"]}
        unnamed = kept["keeping"]
        if unnamed is not None and not self._holds(unnamed):
            # The app was killed before it said "saved", or before all was deleted.
            await self._settings.delete(self._content_name(unnamed))

    async def keep(self, file: KeptFile, content: bytes) -> None:
        """Keep *file* durably with its bytes; on return it survives a power cut.

        Raises:
            StorageFullError: Nothing was kept.
        """
        # Shielded: a screen that goes away must not leave half of it.
        await asyncio.shield(asyncio.ensure_future(self._keep(file, content)))

    async def content(self, file: KeptFile) -> bytes | None:
        """Return the bytes, or None when they can't be read back."""
        name = self._content_name(file.sha256)
        try:
            sealed = await self._settings.get(name)
            if sealed is None:
                return None
            (content,) = await self._keys.unseal(self._data_key, [self._item(name, sealed)])
        except (SettingsError, UnsealError):
            _log.exception("a file can't be read")
            return None
        return content

    async def note(self, key: FileKey, *, is_settled: bool) -> None:
        """Note whether the server has the file attached."""
        file = self.files.get(key)
        if file is not None and file.is_settled is not is_settled:
            async with self._writing:
                self.files[key] = replace(file, is_settled=is_settled)
                await self._write()

    async def note_missed(self, key: FileKey, since: int | None) -> None:
        """Note since when a file's object is not on this phone; None when it is."""
        async with self._writing:
            self.files[key] = replace(self.files[key], missed_since=since)
            with contextlib.suppress(StorageFullError):  # Then it counts from a later time.
                await self._write()

    def touch(self, key: FileKey) -> None:
        """Note that the file was looked at; kept with the next change."""
        file = self.files.get(key)
        if file is not None:
            self.files[key] = replace(file, used_at=self._wall_ms())

    async def drop(self, key: FileKey) -> None:
        """Forget a file; its bytes go with the last object that they hang on."""
        async with self._writing:
            if self.files.pop(key, None) is None:
                return
            is_last = not self._holds(key[1])
            # Noted with it: a kill between the two must not leave bytes that nobody knows of.
            await self._write(unnamed=key[1] if is_last else None)
            if is_last:
                await self._settings.delete(self._content_name(key[1]))

    async def erase(self, object_ids: Collection[str]) -> None:
        """Forget the files of objects that were about somebody who was erased."""
        for key in [key for key in self.files if key[0] in object_ids]:
            await self.drop(key)

    async def _keep(self, file: KeptFile, content: bytes) -> None:
        async with self._writing:
            if not self._holds(file.sha256):
                # Noted first: a kill between the two writes must not leave bytes for ever.
                await self._write(unnamed=file.sha256)
                name = self._content_name(file.sha256)
                (sealed,) = await self._keys.seal(self._data_key, [self._item(name, content)])
                await self._settings.put(name, sealed)
            self.files[file.key] = file
            try:
                await self._write()
            except StorageFullError:
                del self.files[file.key]
                with contextlib.suppress(StorageFullError):  # Shorter by one, it may fit again.
                    await self._write()
                raise
        await self._make_room()

    async def _make_room(self) -> None:
        """Drop the copies that were not looked at for longest, beyond what is allowed."""
        copies = sorted(
            (file for file in self.files.values() if file.is_settled),
            key=lambda file: -file.used_at,
        )
        held = 0
        for file in copies:
            held += file.size
            if held > COPIES_BYTES_MAX:
                await self.drop(file.key)

    async def _write(self, *, unnamed: str | None = None) -> None:
        """Keep the list, twice: without it no file here could be found again.

        *unnamed* are bytes that may be here though the list does not name them.
        """
        values = {"files": [encode(file) for file in self.files.values()], "keeping": unnamed}
        content = canonical_bytes(cast("Any", values))
        for name in self._list_names:
            (sealed,) = await self._keys.seal(self._data_key, [self._item(name, content)])
            await self._settings.put(name, sealed)

    async def _read(self, name: str) -> dict[str, Any] | None:
        """Return a list; none of it when it is damaged, None when there is none."""
        try:
            sealed = await self._settings.get(name)
            if sealed is None:
                return None
            (content,) = await self._keys.unseal(self._data_key, [self._item(name, sealed)])
            kept: dict[str, Any] = json.loads(content)
            files = [decode(KeptFile, values) for values in kept["files"]]
        except (SettingsError, UnsealError, ValueError, KeyError, TypeError):
            _log.exception("the list of files can't be read")
            return {}
        return {"files": files, "keeping": kept.get("keeping")}

    async def _set_aside(self) -> None:
        """Keep an unreadable list for a person to look at: it may be sealed under another PIN."""
        for name in self._list_names:
            with contextlib.suppress(SettingsError):
                sealed = await self._settings.get(name)
                if sealed is not None:
                    await self._settings.put(f"{name}/aside", sealed)

    def _holds(self, sha256: str) -> bool:
        return any(key[1] == sha256 for key in self.files)

    def _content_name(self, sha256: str) -> str:
        return f"{self._name}/{sha256}"

    @staticmethod
    def _item(name: str, content: bytes) -> SealedItem:
        return SealedItem(name.encode(), content)
