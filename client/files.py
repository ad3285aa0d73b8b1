"""Photos and voice notes of records, as the screens ask for them."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Sequence
from typing import Protocol

from client.device import (
    Device,
    MicrophoneRefusedError,
    StorageFullError,
    UnreadablePhotoError,
)
from client.status import FileItem, FileState, Recorded
from client.store.attachments import AttachmentStore, KeptFile
from client.store.holdings import Holdings
from client.store.timekeeping import Timekeeper, estimate
from client.sync.attachments import FileSync
from client.sync.exchange import NoAnswerError, ServerRefusedError
from shared.domain.attachment import (
    ATTACHMENT_BYTES_MAX,
    ATTACHMENTS_MAX,
    MEDIA_TYPES,
    Attachment,
    AttachmentKind,
    AttachmentObject,
    RemoveAttachment,
    live_attachments,
)
from shared.domain.attachment_changes import demand_attachable
from shared.domain.refusals import RefusedError
from shared.media import media_type_of

__all__ = ["Files"]

PHOTO_SIDE_MAX = 1600
"""Pixels: a referral card fills a photo and stays readable."""

_MEGABYTE = 1_000_000


class _Record(Protocol):
    def __call__(self, name: str, args: object) -> Awaitable[Recorded]: ...


class Files:
    """The files of open holdings.

    Every failure that a person can be told about is a `RefusedError`.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it brings together
        self,
        device: Device,
        holdings: Holdings,
        time: Timekeeper,
        store: AttachmentStore,
        sync: FileSync,
        record: _Record,
    ) -> None:
        """Keep in *store* what is made here, and let *sync* bring it to the server."""
        self._device = device
        self._holdings = holdings
        self._time = time
        self._store = store
        self._sync = sync
        self._record = record

    @property
    def takes_photos(self) -> bool:
        """Whether this device can make a photo fit to be kept."""
        return self._device.photos is not None

    @property
    def records_sound(self) -> bool:
        """Whether this device has a microphone that the app can ask for."""
        return self._device.sound is not None

    def of(self, object_id: str) -> Sequence[FileItem]:
        """Return the files of an object, oldest first: the server's, and those still here only."""
        items = [
            self._attached_item(one) for one in live_attachments(self._holdings.world, object_id)
        ]
        shown = {item.sha256 for item in items}
        items += [
            self._waiting_item(file)
            for file in self._sync.waiting()
            if file.object_id == object_id and file.sha256 not in shown
        ]
        return items

    async def attach_photo(self, table: AttachmentObject, object_id: str, content: bytes) -> None:
        """Keep a photo for an object, made smaller; on return it survives a power cut.

        Raises:
            RefusedError: `photo-unreadable`, `storage-full`, or as `demand_attachable`.
        """
        photos = self._device.photos
        assert photos is not None, "asked before"
        self._demand_place(table, object_id, AttachmentKind.PHOTO)
        try:
            content = await photos.scaled(content, side_max=PHOTO_SIDE_MAX)
        except UnreadablePhotoError:
            raise RefusedError("photo-unreadable") from None
        await self._keep(table, object_id, AttachmentKind.PHOTO, content)

    async def start_recording(self, table: AttachmentObject, object_id: str) -> None:
        """Begin a voice note for an object.

        Raises:
            RefusedError: `microphone-refused`, or as `demand_attachable`.
        """
        sound = self._device.sound
        assert sound is not None, "asked before"
        self._demand_place(table, object_id, AttachmentKind.VOICE)
        try:
            await sound.start()
        except MicrophoneRefusedError:
            raise RefusedError("microphone-refused") from None

    async def keep_recording(self, table: AttachmentObject, object_id: str) -> None:
        """End the voice note, and keep it for the object it was begun for.

        Raises:
            RefusedError: `voice-empty`, `storage-full`, or as `demand_attachable`.
        """
        content = await self.drop_recording()
        if not content:
            raise RefusedError("voice-empty")
        await self._keep(table, object_id, AttachmentKind.VOICE, content)

    async def drop_recording(self) -> bytes:
        """End the voice note, and return what was recorded without keeping it."""
        sound = self._device.sound
        return b"" if sound is None else await sound.stop()

    async def content(self, item: FileItem) -> bytes:
        """Return the bytes of a file, fetched now if need be and kept for the next time.

        Raises:
            RefusedError: `file-unavailable`, `file-damaged`, `unreachable`.
        """
        file = self._kept(item)
        if file is not None:
            content = await self._store.content(file)
            if content is not None:
                self._store.touch(file.key)
                return content
        attachment = self._attachment(item)
        if attachment is None:
            raise RefusedError("file-damaged")
        return await self._fetched(attachment)

    async def play(self, item: FileItem) -> None:
        """Play a voice note.

        Raises:
            RefusedError: As `content`.
        """
        content = await self.content(item)
        if self._device.sound is not None:
            await self._device.sound.play(content, item.media_type.value)

    async def remove(self, item: FileItem) -> None:
        """Take a file away, here and everywhere.

        Raises:
            RefusedError: Somebody else made it.
        """
        attachment = self._attachment(item)
        if attachment is not None:
            await self._record("remove_attachment", RemoveAttachment(id=attachment.id))
            return
        key = (item.object_id, item.sha256)
        self._sync.forget(key)
        await self._store.drop(key)
        self._sync.on_change()

    def _demand_place(self, table: AttachmentObject, object_id: str, kind: AttachmentKind) -> None:
        """Refuse what the rules would refuse once the bytes are up: then it would be too late."""
        world = self._holdings.world
        demand_attachable(world, table, object_id, kind, world.actor)
        if len(self.of(object_id)) >= ATTACHMENTS_MAX:
            raise RefusedError("too-many-attachments", attachments_max=ATTACHMENTS_MAX)

    async def _keep(
        self, table: AttachmentObject, object_id: str, kind: AttachmentKind, content: bytes
    ) -> None:
        if len(content) > ATTACHMENT_BYTES_MAX:
            raise RefusedError("blob-too-large", megabytes_max=ATTACHMENT_BYTES_MAX // _MEGABYTE)
        media_type = media_type_of(content)
        if media_type is None or media_type not in MEDIA_TYPES[kind]:
            raise RefusedError("blob-type-refused")
        file = KeptFile(
            object_table=table,
            object_id=object_id,
            kind=kind,
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            media_type=media_type,
            used_at=self._device.clock.wall_ms(),
            clock=self._time.reading(),
        )
        try:
            await self._store.keep(file, content)
        except StorageFullError:
            raise RefusedError("storage-full") from None
        self._sync.on_change()
        self._sync.wake()

    async def _fetched(self, attachment: Attachment) -> bytes:
        try:
            content = await self._sync.fetch(attachment)
        except NoAnswerError as error:
            raise RefusedError("unreachable") from error
        except ServerRefusedError as error:
            raise RefusedError("file-unavailable") from error
        file = KeptFile(
            object_table=attachment.object_table,
            object_id=attachment.object_id,
            kind=attachment.kind,
            sha256=attachment.sha256,
            size=attachment.size,
            media_type=attachment.media_type,
            used_at=self._device.clock.wall_ms(),
            is_settled=True,
        )
        try:
            await self._store.keep(file, content)
        except StorageFullError:
            return content  # It is shown all the same, and fetched again the next time.
        self._sync.on_change()
        return content

    def _kept(self, item: FileItem) -> KeptFile | None:
        return self._store.files.get((item.object_id, item.sha256))

    def _attachment(self, item: FileItem) -> Attachment | None:
        attached = live_attachments(self._holdings.world, item.object_id)
        return next((one for one in attached if one.sha256 == item.sha256), None)

    def _attached_item(self, one: Attachment) -> FileItem:
        return FileItem(
            object_id=one.object_id,
            sha256=one.sha256,
            kind=one.kind,
            media_type=one.media_type,
            size=one.size,
            made_at=one.made_at,
            made_by_id=one.made_by_id,
            state=FileState.ATTACHED,
            attachment_id=one.id,
            is_mine=one.made_by_id == self._holdings.me.id,
            is_here=(one.object_id, one.sha256) in self._store.files,
        )

    def _waiting_item(self, file: KeptFile) -> FileItem:
        assert file.clock is not None, "made here"
        problem = self._sync.problem(file)
        sent = self._sync.sent(file)
        state = FileState.SENDING if sent else FileState.WAITING
        return FileItem(
            object_id=file.object_id,
            sha256=file.sha256,
            kind=file.kind,
            media_type=file.media_type,
            size=file.size,
            made_at=estimate(file.clock),
            made_by_id=self._holdings.me.id,
            state=FileState.REFUSED if problem is not None else state,
            sent_percent=100 * sent // file.size,
            problem=problem,
            is_mine=True,
            is_here=True,
        )
