"""Files on their way: up in pieces behind the records, down when somebody looks at them.

A record never waits for a file: files go beside the rounds of sync, after the first that went
well, and whatever befalls them is no business of the rounds. Only when the server has all bytes is
the file attached, by an operation like any other (ADR-0015).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from client.device import (
    Device,
    FileHttp,
    HttpReply,
    NetworkUnreachableError,
    StorageFullError,
)
from client.status import Problem
from client.store.attachments import AttachmentStore, FileKey, KeptFile
from client.store.enrolment import Enrolment
from client.store.holdings import Holdings
from client.store.outbox import Entry
from client.sync.enrolling import facts_of
from client.sync.exchange import NoAnswerError, ServerRefusedError, believed
from client.sync.round import Round
from shared.domain.attachment import Attachment, bearer_of, live_attachments, takes_files
from shared.domain.refusals import RefusedError
from shared.wire.blobs import BLOB_PIECE_BYTES_MAX, OFFSET_HEADER, blob_path, upload_path
from shared.wire.envelope import (
    DEVICE_HEADER,
    GENERATION_HEADER,
    SIGNATURE_HEADER,
    OpState,
    signed_message,
    to_base64url,
)
from shared.wire.schemas import instant_ms

__all__ = ["FileSync", "RoundWithFiles"]

_log = logging.getLogger(__name__)

ATTACH = "attach_file"
TIMEOUT_S = 60.0
PIECE_BYTES_FIRST = 32_000
PIECE_BYTES_MIN = 8_000
PIECE_MS_SHORT = 3_000
"""A piece that is through sooner is followed by one twice as long."""
DAMAGES_MAX = 3
_PARTIAL = 206
_OK = 200
_NOT_FOUND = 404

# What the device as a whole is refused for: the sync says it, and files wait with the rest.
_OF_DEVICE = frozenset({"unauthenticated", "device-revoked", "staff-inactive"})
# What passes: the object is on its way, the day is over tomorrow.
_PASSING = frozenset({"missing-object", "blob-quota-reached", "not-found", "storage-full"})
FORSAKEN_MS = 30 * 86_400_000
"""What was made for an object that this phone has not had for so long goes at last."""


@dataclass(slots=True)
class _Way:
    """How a file that goes up stands, in this run of the app.

    Attributes:
        offset: What the server has; None before it was asked.
        problem: Why it does not go on by itself.
        is_sent: Whether the server has all of it since the last round.
    """

    offset: int | None = None
    damages: int = 0
    problem: Problem | None = None
    is_sent: bool = False


@dataclass(slots=True)
class FileSync:
    """Sends the files of open holdings, and fetches those that are looked at.

    Attributes:
        attach: Records that a file hangs on its object, once the server has its bytes.
        now: Returns the best guess of the time: a clock may be years ahead.
    """

    device: Device
    holdings: Holdings
    store: AttachmentStore
    attach: Callable[[KeptFile], Awaitable[object]]
    enrolment: Callable[[], Enrolment]
    on_change: Callable[[], None]
    now: Callable[[], dt.datetime]
    _ways: dict[FileKey, _Way] = field(default_factory=dict, init=False)
    _coming: dict[str, bytearray] = field(default_factory=dict, init=False)
    _piece_bytes: int = field(default=PIECE_BYTES_FIRST, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    # --- Life -----------------------------------------------------------------------------------

    def wake(self) -> None:
        """Send what waits, beside everything else; nothing happens while that goes on already."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self.run())

    async def stop(self) -> None:
        """End the background work; what has come to the server stays there."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    async def run(self) -> None:
        """Send all that can be sent now. Never raises: the next round of sync wakes it again."""
        try:
            while await self.step():
                self.on_change()
        except NoAnswerError as error:
            _log.info("files: no answer: %s", error)
        except ServerRefusedError as error:
            _log.warning("files refused: %s", error.slug)  # The sync is told the same, and says so.
        except Exception:  # noqa: BLE001
            _log.exception("files failed")

    # --- What the screens ask -------------------------------------------------------------------

    def is_attached(self, file: KeptFile) -> bool:
        """Tell whether nothing need be sent: the server has it, or has the operation."""
        entry = self._last_ops().get(file.key)
        if entry is None:
            return file.is_settled or self._attachment_of(file.key) is not None
        # A restored server keeps the operation until it has the bytes again.
        return not (_is_refused(entry) or _lacks_bytes(entry))

    def problem(self, file: KeptFile) -> Problem | None:
        """Return why a file does not go up, if anything is the matter."""
        way = self._ways.get(file.key)
        if way is not None and way.problem is not None:
            return way.problem
        entry = self._last_ops().get(file.key)
        if entry is None or not _is_refused(entry) or _lacks_bytes(entry):
            return None
        assert entry.result is not None, "refused"
        members = entry.result.problem or {}
        return Problem(_slug(members), facts_of(members))

    def sent(self, file: KeptFile) -> int:
        """Return how many bytes of a file the server is known to have."""
        way = self._ways.get(file.key)
        return 0 if way is None or way.offset is None else way.offset

    def waiting(self) -> list[KeptFile]:
        """Return what was made here and is not attached yet."""
        return [
            file
            for file in self.store.files.values()
            if file.clock is not None and not file.is_settled and not self.is_attached(file)
        ]

    def forget(self, key: FileKey) -> None:
        """Stop sending a file that was taken away."""
        self._ways.pop(key, None)

    # --- Up -------------------------------------------------------------------------------------

    async def step(self) -> bool:
        """Send the next piece of the next file, or attach one that is there; tell whether it did.

        Raises:
            NoAnswerError: Try again later.
            ServerRefusedError: The server refuses the device as a whole.
        """
        http = self.device.files
        if http is None:
            return False
        await self._open_ops()
        for file in self.waiting():
            if self.problem(file) is None and self._may_go(file):
                return await self._step_with(http, file)
        return False

    async def _step_with(self, http: FileHttp, file: KeptFile) -> bool:
        way = self._ways.setdefault(file.key, _Way())
        try:
            if way.offset is None:
                way.offset = await self._ask_offset(http, file)
            is_whole = await self._send_piece(http, file, way)
            if file.key not in self.store.files:
                self.forget(file.key)  # Its author took it away while it went.
            elif is_whole:
                entry = self._last_ops().get(file.key)
                if entry is None or not entry.is_open:
                    await self.attach(file)
                    self.forget(file.key)
                else:
                    way.is_sent = True  # The operation waits for them at the server.
        except RefusedError as refusal:
            way.problem = Problem(refusal.slug, dict(refusal.facts))
        except StorageFullError:
            way.problem = Problem("storage-full")
        except ServerRefusedError as error:
            self._note_refusal(error.slug, error.members, way)
        except NoAnswerError as error:
            self._piece_bytes = max(PIECE_BYTES_MIN, self._piece_bytes // 2)
            way.offset = None  # Nobody knows how much of the piece has come.
            if _slug(error.members) != "blob-quota-reached":
                raise
            way.problem = Problem("blob-quota-reached")
        return True

    async def _ask_offset(self, http: FileHttp, file: KeptFile) -> int:
        """Return how much the server has; what it refuses, the first piece is told."""
        reply = await self._send(http, "HEAD", _upload_path(file), b"")
        text = reply.headers.get(OFFSET_HEADER.lower(), "")
        is_told = reply.status == _OK and text.isascii() and text.isdigit()
        return min(int(text), file.size) if is_told else 0

    async def _send_piece(self, http: FileHttp, file: KeptFile, way: _Way) -> bool:
        content = await self.store.content(file)
        if content is None:
            raise RefusedError("file-damaged")
        assert way.offset is not None, "asked before"
        piece = content[way.offset : way.offset + self._piece_bytes]
        started_ms = self.device.clock.monotonic_ms()
        reply = await self._send(http, "POST", _upload_path(file, way.offset), piece)
        answer: Mapping[str, Any] = believed(reply)
        if self.device.clock.monotonic_ms() - started_ms < PIECE_MS_SHORT:
            self._piece_bytes = min(BLOB_PIECE_BYTES_MAX, self._piece_bytes * 2)
        way.offset = min(int(answer.get("offset", 0)), file.size)
        return answer.get("complete") is True

    def _note_refusal(self, slug: str, members: Mapping[str, Any], way: _Way) -> None:
        if slug in _OF_DEVICE:
            raise ServerRefusedError(slug, int(members.get("status", 0)), members)
        if slug == "blob-offset":
            way.offset = int(members.get("offset", 0))
            way.damages += 1
        elif slug == "blob-damaged":
            way.offset = 0
            way.damages += 1
        if slug not in {"blob-offset", "blob-damaged"} or way.damages > DAMAGES_MAX:
            _log.warning("a file is refused: %s", slug)
            way.problem = Problem(slug, facts_of(members))

    def _may_go(self, file: KeptFile) -> bool:
        """Tell whether the server can know the object: the records went first."""
        way = self._ways.get(file.key)
        if way is not None and way.is_sent:
            return False
        world = self.holdings.world
        bearer = bearer_of(world, file.object_table, file.object_id)
        if bearer is None or not takes_files(bearer):
            return False
        return world.revision(type(bearer), bearer.id) is not None

    # --- After a round --------------------------------------------------------------------------

    async def settle(self) -> None:
        """Note what is attached by now, and drop what may not stay; after a whole round."""
        for way in self._ways.values():
            way.is_sent = False
            if way.problem is not None and way.problem.slug in _PASSING:
                way.problem = None
        await self._open_ops()
        ops = self._last_ops()
        for file in list(self.store.files.values()):
            entry = ops.get(file.key)
            if entry is not None and entry.result is not None:
                await self.store.note(file.key, is_settled=entry.result.state is OpState.OK)
            if await self._is_over(self.store.files[file.key], ops):
                self.forget(file.key)
                await self.store.drop(file.key)

    async def _is_over(self, file: KeptFile, ops: Mapping[FileKey, Entry]) -> bool:
        """Tell whether a file has left this person's scopes, or its object was taken back."""
        if file.is_settled:
            return self._attachment_of(file.key) is None
        if file.key in ops or self.holdings.outbox.waiting():
            return False
        bearer = bearer_of(self.holdings.world, file.object_table, file.object_id)
        if bearer is not None:
            if file.missed_since is not None:
                await self.store.note_missed(file.key, None)
            return not takes_files(bearer)
        now = instant_ms(self.now())
        if file.missed_since is None:
            await self.store.note_missed(file.key, now)
            return False
        return now - file.missed_since > FORSAKEN_MS

    async def _open_ops(self) -> None:
        """Make all operations readable, where a file's depends on them."""
        if any(not file.is_settled for file in self.store.files.values()):
            await self.holdings.outbox.open(self.holdings.outbox.entries.values())

    def _attachment_of(self, key: FileKey) -> Attachment | None:
        object_id, sha256 = key
        attached = live_attachments(self.holdings.world, object_id)
        return next((one for one in attached if one.sha256 == sha256), None)

    def _last_ops(self) -> dict[FileKey, Entry]:
        """Return, of each file, the latest operation that attaches it."""
        return {
            _key_of(entry.op["args"]): entry
            for entry in self.holdings.outbox.entries.values()
            if entry.op is not None and entry.op["name"] == ATTACH
        }

    # --- Down -----------------------------------------------------------------------------------

    async def fetch(self, attachment: Attachment) -> bytes:
        """Return the bytes of an attachment from the server, whole and as its digest says.

        A broken download goes on where it ended.

        Raises:
            NoAnswerError: Try again later.
            RefusedError: `file-unavailable`: the server does not have it, or not for this person.
            ServerRefusedError: The server refuses the device as a whole.
        """
        http = self.device.files
        if http is None:
            raise NoAnswerError("no way for files", is_answered=False)
        come = self._coming.setdefault(attachment.sha256, bytearray())
        while len(come) < attachment.size:
            piece = await self._fetch_piece(http, attachment, len(come))
            come += piece
        del self._coming[attachment.sha256]
        if hashlib.sha256(come).hexdigest() != attachment.sha256:
            raise RefusedError("file-unavailable")
        return bytes(come)

    async def _fetch_piece(self, http: FileHttp, attachment: Attachment, start: int) -> bytes:
        end = min(start + self._piece_bytes, attachment.size) - 1
        asked = {"Range": f"bytes={start}-{end}"}
        started_ms = self.device.clock.monotonic_ms()
        reply = await self._send(http, "GET", blob_path(attachment.sha256), b"", asked)
        if reply.status == _PARTIAL and len(reply.body) == end + 1 - start:
            if self.device.clock.monotonic_ms() - started_ms < PIECE_MS_SHORT:
                self._piece_bytes = min(BLOB_PIECE_BYTES_MAX, self._piece_bytes * 2)
            return reply.body
        if reply.status == _OK and start == 0 and len(reply.body) == attachment.size:
            return reply.body  # A proxy that knows no ranges.
        if reply.status == _NOT_FOUND:
            raise RefusedError("file-unavailable")
        believed(reply)
        raise NoAnswerError("a part of a file was asked for, and something else came")

    async def _send(
        self,
        http: FileHttp,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
    ) -> HttpReply:
        enrolment = self.enrolment()
        message = signed_message(
            method, path, body, device=enrolment.device, generation=enrolment.generation
        )
        signed = {
            DEVICE_HEADER: str(enrolment.device),
            GENERATION_HEADER: enrolment.generation,
            SIGNATURE_HEADER: to_base64url(await self.device.keys.sign(message)),
            **(headers or {}),
        }
        if method == "POST":
            signed["Content-Type"] = "application/octet-stream"
        try:
            return await http.send(method, path, body, signed, timeout_s=TIMEOUT_S)
        except NetworkUnreachableError as error:
            raise NoAnswerError(f"unreachable: {error}", is_answered=False) from error


class RoundWithFiles:
    """A round of sync that lets the files go once it went well."""

    def __init__(self, a_round: Round, files: FileSync) -> None:
        """Run *a_round* first."""
        self._round = a_round
        self._files = files

    @property
    def pages(self) -> int:
        """Pages of rows that the round brought so far."""
        return self._round.pages

    async def run(self) -> None:
        """Settle all records; files go by themselves from then on.

        Raises:
            NoAnswerError: As `Round.run`, all of them.
        """
        await self._round.run()
        await self._files.settle()
        self._files.wake()


def _upload_path(file: KeptFile, offset: int = 0) -> str:
    return upload_path(
        file.sha256,
        table=file.object_table,
        object_id=file.object_id,
        kind=file.kind,
        size=file.size,
        offset=offset,
    )


def _key_of(args: Any) -> FileKey:
    return (args.get("object_id", ""), args.get("sha256", ""))


def _is_refused(entry: Entry) -> bool:
    return entry.result is not None and entry.result.state is OpState.REJECTED


def _lacks_bytes(entry: Entry) -> bool:
    """Tell whether only the bytes were missing: a restored server has lost them."""
    problem = {} if entry.result is None else entry.result.problem or {}
    return _slug(problem) == "blob-missing"


def _slug(members: Mapping[str, Any]) -> str:
    return str(members.get("type", "")).removeprefix("/problems/")
