"""A phone of the simulation: the real engine on files that can fail, and what it has promised."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from client.device import Device
from client.device.native import NativeHttp, native_device
from client.engine import Field
from client.status import FieldState, Phase
from client.sync.attachments import PIECE_BYTES_MIN
from server.mutations.mentions import ids_in
from shared.canonical import Json, canonical_bytes, digest_of
from shared.domain.attachment import AttachmentKind
from shared.domain.people import Staff
from shared.domain.refusals import RefusedError
from shared.ids import parse_id
from shared.wire.envelope import OpState
from shared.wire.rows import encode
from tests.client.phone import PIN
from tests.simulation.attaching import Draft, KeptPromise, Microphone
from tests.simulation.clockwork import PhoneClock
from tests.simulation.disk import Disk, DiskPath, PowerCut, copy_folder
from tests.simulation.network import Network, Way
from tests.simulation.trace import Trace
from tests.simulation.workload import WORD

__all__ = ["BARRED", "Phone", "Promise", "Said", "attempt_key", "op_key", "task_factory"]

T = TypeVar("T")
SERVER = "http://server.test"
BARRED = frozenset({"forked", "device-revoked", "unauthenticated", "staff-inactive"})
"""What pauses a phone until somebody looks after it."""

_running: ContextVar[Phone | None] = ContextVar("the phone that a task belongs to", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A mutation that `Field.record` has returned for: it must never be lost.

    Attributes:
        key: What it says, whatever number it is sent under.
        digest: Of the op as it was journalled first.
        makes: The id of the object that it makes, if it makes one.
    """

    key: str
    name: str
    device: int
    seq: int
    digest: str
    makes: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody wrote with a word that is nowhere else.

    Attributes:
        ids: What it was about.
        makes: The id of the object that came of it, if one did.
        at_ms: When, in truth.
    """

    ids: frozenset[str]
    makes: str | None
    at_ms: int


def op_key(op: Mapping[str, Json]) -> str:
    """Return what identifies an op wherever it goes: all but its sequence and base."""
    return digest_of({name: op.get(name) for name in ("name", "args", "by", "clock")})


def attempt_key(name: str, args: Mapping[str, Json]) -> str:
    """Return what identifies something that somebody tried to record."""
    return digest_of({"name": name, "args": dict(args)})


def task_factory(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], **options: Any
) -> asyncio.Task[T]:
    """Make a task that its phone knows of, so that it ends with the phone's process."""
    task = asyncio.Task(coroutine, loop=loop, **options)
    phone = _running.get()
    if phone is not None:
        phone.tasks.append(task)
    return task


class Phone:
    """One device: its storage, its clocks, and the app that runs on it or not.

    Attributes:
        field: The running app; None while it is not running.
        promises: All that it has said to have saved.
        accepted: By key, those of them that the server has said yes to.
        kept_files: All files that it has said to have kept.
        said: By each unique word that was recorded, what it was said about.
        lost_allowed: How many promises may be lost, for a record of its storage was damaged.
    """

    def __init__(  # noqa: PLR0913 - what a phone is put together of
        self,
        name: str,
        staff: Staff,
        folder: Path,
        *,
        network: Network,
        trace: Trace,
        now_ms: Callable[[], int],
        booted_ms: int,
        chance: random.Random,
    ) -> None:
        self.name = name
        self.staff = staff
        self.folder = folder
        self.disk = Disk(folder, chance)
        self.clock = PhoneClock(now_ms, name, booted_ms)
        self.way = Way(network, name)
        self.trace = trace
        self.field: Field | None = None
        self.tasks: list[asyncio.Task[Any]] = []
        self.promises: list[Promise] = []
        self.attempts: set[str] = set()
        self.accepted: set[str] = set()
        self.kept_files: list[KeptPromise] = []
        self.tried_files: set[tuple[str, str]] = set()
        self.said: dict[str, Said] = {}
        self.lost_allowed = 0
        self._had_power_cut = False
        self._microphone = Microphone()
        self._device: Device | None = None

    # --- The app's life -------------------------------------------------------------------------

    @property
    def is_sound(self) -> bool:
        """Whether nothing can have damaged its journal.

        After a power cut in the middle of saving, bytes can't tell what was promised.
        """
        return not self.lost_allowed and not self._had_power_cut

    @property
    def open(self) -> Field | None:
        """The app, if its records can be read and written."""
        return self.field if self.field and self.field.state is FieldState.OPEN else None

    async def start(self) -> Field | None:
        """Start the app and give the PIN; None when it died of that, or can't be opened."""
        assert self.field is None, self.name
        self.disk.revive()
        self._device = self._made_device()
        self.field = Field(self._device)
        await self.run(self._opened(self.field))
        return self.open

    async def stop(self) -> None:
        """Close the app as a person does."""
        if self.field is None:
            return
        field = self.field
        await self.run(field.stop())
        if self.field is not None:
            self._end_process()

    async def kill(self, *, power: bool = False) -> None:
        """End the process at once; with *power*, the whole phone."""
        self.disk.is_dead = True
        for task in self.tasks:
            task.cancel()
        with contextlib.suppress(PowerCut):
            await asyncio.gather(*self.tasks, return_exceptions=True)
        self._end_process()
        if power:
            self._had_power_cut = True
            self.disk.lose_power()
            self.clock.reboot()

    async def run(self, doing: Coroutine[Any, Any, T]) -> T | None:
        """Let the app do something; None when it died of it, or refused."""
        token = _running.set(self)
        try:
            return await asyncio.get_running_loop().create_task(doing)
        except PowerCut:
            power = self.disk.dies_with_power
            self.trace.note(f"  {self.name} dies{' with its battery' if power else ''}")
            _running.reset(token)
            token = _running.set(self)
            await self.kill(power=power)
            return None
        except RefusedError as refusal:
            self.trace.note(f"  {self.name} refused {refusal.slug}")
            return None
        finally:
            _running.reset(token)
            self.tasks = [task for task in self.tasks if not task.done()]

    async def enrol(self, code: str) -> None:
        """Enrol it, anew where it was before; then open it."""
        if self.field is None:
            await self.start()
        field = self.field
        if field is None:
            return

        async def enrolled() -> None:
            await field.enrol(code, self.name)
            await self._opened(field)

        await self.run(enrolled())

    async def record(self, name: str, args: object) -> None:
        """Record a mutation; once it is saved, it is promised."""
        field = self.open
        if field is None:
            return
        values: dict[str, Json] = encode(args)
        self.attempts.add(attempt_key(name, values))
        recorded = await self.run(field.record(name, args))
        if recorded is None:
            return
        assert field._enrolment is not None
        entry = field._open.holdings.outbox.entries[recorded.seq]
        assert entry.op is not None
        makes = _made_id(values.get("id"), field._enrolment.device, recorded.seq)
        promise = Promise(
            key=op_key(entry.op),
            name=name,
            device=field._enrolment.device,
            seq=recorded.seq,
            digest=entry.digest,
            makes=makes,
        )
        self.promises.append(promise)
        text = canonical_bytes(values).decode()
        for word in WORD.findall(text):
            self.said[word] = Said(frozenset(ids_in(text)), makes, self.clock.now_ms())
        self.trace.note(f"  {self.name} saved {name} as {promise.device}/{promise.seq}")

    async def attach(self, draft: Draft) -> None:
        """Attach a file to an object; once it is kept, it is promised."""
        field = self.open
        if field is None:
            return

        async def attached() -> bool:
            files = field.files
            if draft.kind is AttachmentKind.PHOTO:
                await files.attach_photo(draft.table, draft.object_id, draft.content)
            else:
                await files.start_recording(draft.table, draft.object_id)
                self._microphone.spoken = draft.content
                await files.keep_recording(draft.table, draft.object_id)
            return True

        self.tried_files.add((draft.object_id, draft.sha256))
        if await self.run(attached()):
            self.kept_files.append(
                KeptPromise(
                    object_table=draft.table,
                    object_id=draft.object_id,
                    sha256=draft.sha256,
                    at_ms=self.clock.now_ms(),
                )
            )
            self.trace.note(f"  {self.name} keeps {draft.kind} {draft.sha256[:12]}")

    async def sync(self) -> Phase | None:
        """Sync once, and say how it ended."""
        field = self.open
        status = None if field is None else await self.run(field.sync_now())
        return None if status is None else status.phase

    def note_accepted(self) -> list[Promise]:
        """Remember what the server has accepted, as the phone would show it; return the news."""
        news: list[Promise] = []
        if self.open is None or self.open._enrolment is None:
            return news
        number, entries = self.open._enrolment.device, self.open._open.holdings.outbox.entries
        for promise in self.promises:
            entry = entries.get(promise.seq) if promise.device == number else None
            if entry and entry.result and entry.result.state is OpState.OK:
                if promise.key not in self.accepted and entry.result.receipt is not None:
                    news.append(promise)
                self.accepted.add(promise.key)
        return news

    def cloned(self, name: str, folder: Path, network: Network) -> Phone:
        """Return a copy of this phone's installation, on another phone."""
        assert self.field is None
        copy_folder(self.folder, folder)
        clone = Phone(
            name,
            self.staff,
            folder,
            network=network,
            trace=self.trace,
            now_ms=self.clock.now_ms,
            booted_ms=self.clock.now_ms() - 1000,
            chance=self.disk.chance,
        )
        clone.promises = list(self.promises)
        clone.attempts = set(self.attempts)
        clone.kept_files = list(self.kept_files)
        clone.tried_files = set(self.tried_files)
        clone.said = dict(self.said)
        clone.lost_allowed = self.lost_allowed
        clone._had_power_cut = self._had_power_cut
        return clone

    # --- Within --------------------------------------------------------------------------------

    def _made_device(self) -> Device:
        ports = native_device(DiskPath(self.folder), SERVER, pbkdf2_iterations=1)
        http = NativeHttp(SERVER, adapter=self.way, threaded=False)
        return dataclasses.replace(
            ports, http=http, files=http, sound=self._microphone, clock=self.clock
        )

    async def _opened(self, field: Field) -> None:
        if field.state in {FieldState.STARTING, FieldState.LOCKED}:
            await field.load()
        if field.state is FieldState.PIN_NEEDED:
            await field.set_pin(PIN)
        elif field.state is FieldState.LOCKED:
            try:
                await self._unlocked(field)
            except RefusedError as refusal:
                if refusal.slug != "pin-wait-full":
                    raise
                await self._unlocked(field)  # As long as it takes, a full phone opens too.
        if field.state is FieldState.OPEN:
            # As over a slow link: files go in several pieces.
            field._open.file_sync._piece_bytes = PIECE_BYTES_MIN

    async def _unlocked(self, field: Field) -> None:
        # The deaths in the middle of an unlock count as wrong PINs.
        await asyncio.sleep(field.pin_wait_s())
        await field.unlock(PIN)

    def _end_process(self) -> None:
        self.disk.lose_process()
        assert self._device is not None
        self._device.journal.close()  # type: ignore[attr-defined]
        self.tasks.clear()
        self.field = None


def _made_id(own: Json, device: int, seq: int) -> str | None:
    """Return the id of the object that an op makes: one that this op's number is in."""
    if not isinstance(own, str):
        return None
    parts = parse_id(own)
    return own if (parts.device_number, parts.sequence) == (device, seq) else None
