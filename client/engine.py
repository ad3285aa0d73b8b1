"""The engine's one face to the screens: enrol, unlock, record, read, sync."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from client.device import Device, JournalPositionTakenError, StorageFullError
from client.files import Files
from client.hand_over import HandOver
from client.installation import Installation
from client.points import summarise
from client.session import Session, closed_status
from client.status import FieldState, OutboxItem, PointsSummary, Recorded, SyncStatus
from client.store.drafts import Drafts
from client.store.enrolment import Enrolment, keep_enrolment, load_enrolment
from client.store.timekeeping import Timekeeper
from client.store.vault import Vault
from client.store.world import World
from client.sync.enrolling import ask_enrolment
from shared.canonical import Json
from shared.domain.people import Actor, Staff
from shared.domain.refusals import RefusedError
from shared.ids import new_id

__all__ = ["Field"]

_log = logging.getLogger(__name__)


class Field:
    """One person's work on one device.

    Every failure that a person can be told about is a `RefusedError` with a slug of the problem
    catalogue or of `client.status.CLIENT_SLUGS`.
    """

    def __init__(self, device: Device) -> None:
        """Work on *device*; call `load` first."""
        self._device = device
        self._time = Timekeeper(device.settings, device.clock)
        self._enrolment: Enrolment | None = None
        self._journal: list[bytes] | None = None
        self._session: Session | None = None
        self._vaults: dict[str, Vault] = {}
        self._leads = False
        self._is_started = False
        self._is_watching = False
        self._beside: set[asyncio.Task[None]] = set()
        self._is_waiting_to_lead = False
        self._opening = asyncio.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._wait_until_ms = 0
        self.state = FieldState.STARTING
        self.version = 0
        """Rises with every change of the records and of what became of them; not with the sync's
        phase, of which subscribers are told too."""
        self._shown: tuple[object, ...] = ()
        self.installation = Installation(device, self._tell)

    # --- What is there -------------------------------------------------------------------------

    @property
    def me(self) -> Staff:
        """The person whose device this is; only when open."""
        return self._open.holdings.me

    @property
    def actor(self) -> Actor:
        """That person as somebody who acts; only when open."""
        return self._open.holdings.world.actor

    @property
    def world(self) -> World:
        """All rows that the device holds, waiting work laid over them; only when open."""
        return self._open.holdings.world

    @property
    def drafts(self) -> Drafts:
        """What was typed and not recorded; only when open."""
        return self._open.holdings.drafts

    @property
    def status(self) -> SyncStatus:
        """What waits, since when, the last contact, what needs a look."""
        return closed_status(self._time) if self._session is None else self._session.status()

    @property
    def files(self) -> Files:
        """Photos and voice notes of the records; only when open."""
        return self._open.files

    @property
    def hand_over(self) -> HandOver:
        """The files by which records go another way; only when open."""
        return self._open.hand_over

    def now(self) -> dt.datetime:
        """Return the best guess of the time, in UTC: the anchor's, else the phone's."""
        return self._time.now()

    def today(self) -> dt.date:
        """Return the date in Asia/Shanghai."""
        return self._time.today()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call *callback* after every change; call the result to end that."""
        self._callbacks.append(callback)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._callbacks.remove(callback)

        return unsubscribe

    # --- Life ----------------------------------------------------------------------------------

    async def load(self) -> FieldState:
        """Read what the device keeps; again, when another copy of the app has been closed.

        Where the device tells of that, it is read again by itself.

        Raises:
            RefusedError: `storage-full`, when a damaged journal can't be set aside.
        """
        await self.lock()
        # Asked until it says yes, and never again: a browser would refuse its own page.
        lead = self._device.lead
        self._leads = self._leads or lead is None or await lead()
        if not self._leads:
            self._lead_when_possible()
            return self._turn(FieldState.ELSEWHERE)
        try:
            self._journal = await self._device.journal.load()
        except JournalPositionTakenError:
            return self._turn(FieldState.ELSEWHERE)
        except StorageFullError as error:
            raise RefusedError("storage-full") from error
        await self._time.load()
        self._enrolment = await load_enrolment(self._device.settings)
        return self._turn(await self._closed_state())

    async def enrol(self, code: str, label: str) -> None:
        """Make this device the device of the person to whom *code* was given.

        Enrolled before (its number was copied, or revoked), it gets a new number; what waits is
        sent under that one, after the next unlock.

        Raises:
            RefusedError: `unreachable`, `enrolment-code-wrong` with `tries_left`, ...
        """
        with self._told():
            enrolment, server_ms = await ask_enrolment(self._device, code, label)
            await self.lock()
            await self._time.drop_anchor(server_ms)
            await keep_enrolment(self._device.settings, enrolment)
        self._enrolment = enrolment
        self._turn(await self._closed_state())

    async def set_pin(self, pin: str) -> None:
        """Choose the PIN after the enrolment, and open.

        Raises:
            RefusedError: `pin-not-digits`.
        """
        async with self._opening:
            with self._told():
                await self._open_with(await self._vault.create(pin))

    @property
    def may_forget_pin(self) -> bool:
        """Whether the device was enrolled anew since it was last open: the code vouches."""
        fresh = self._enrolment is not None and self._enrolment.staff is not None
        return fresh and self.state is FieldState.LOCKED

    async def forget_pin(self) -> None:
        """Let a new PIN be chosen although the old one was not given; only if `may_forget_pin`.

        What was recorded and not sent stays on the device, sealed under the old PIN.
        """
        assert self.may_forget_pin
        with self._told():
            await self._vault.set_aside()
        self._turn(await self._closed_state())

    async def unlock(self, pin: str) -> None:
        """Open the records.

        Raises:
            RefusedError: `pin-wrong` with `tries_left`, `pin-wait` with `wait_s`, `open-elsewhere`.
        """
        async with self._opening:
            if self._session is not None:
                return
            with self._told():
                try:
                    data_key = await self._vault.unlock(pin)
                finally:
                    await self._note_pin_wait()
                await self._open_with(data_key)

    async def change_pin(self, old: str, new: str) -> None:
        """Choose another PIN.

        Raises:
            RefusedError: As `unlock` and `set_pin`.
        """
        with self._told():
            try:
                await self._vault.change_pin(old, new)
            finally:
                await self._note_pin_wait()

    def pin_wait_s(self) -> int:
        """Return the seconds until the next PIN may be tried."""
        left_ms = self._wait_until_ms - self._device.clock.monotonic_ms()
        return max(0, -(-left_ms // 1000))

    async def lock(self) -> None:
        """Close the records until the PIN is given again; drafts and waiting work stay kept."""
        async with self._opening:
            session, self._session = self._session, None
            if session is not None:
                self._turn(FieldState.LOCKED)
                await session.close()

    # --- Recording -----------------------------------------------------------------------------

    def new_id(self) -> str:
        """Return a fresh id for an object that is recorded next."""
        assert self._enrolment is not None, "only when open"
        return new_id(self._enrolment.device, self._open.holdings.outbox.next_sequence)

    async def record(self, name: str, args: object, *, draft: str | None = None) -> Recorded:
        """Keep a mutation durably; on return it survives a power cut and is in `world`.

        Args:
            name: Of `shared.wire.mutations`.
            args: The mutation's frozen dataclass, or a mapping as on the wire.
            draft: The draft that this was typed into; it is forgotten.

        Raises:
            RefusedError: The rules say no, or `invalid-argument`, `storage-full`,
                `open-elsewhere`; nothing was kept.
        """
        session = self._open
        with self._told():
            # Shielded: a screen that goes away must not leave a record half told.
            keeping = asyncio.ensure_future(session.keep(name, args, draft=draft))
            kept = asyncio.shield(keeping)
            # Added after the shield's own: whoever waits goes on, and says "saved", before the
            # screens that this changes are drawn anew.
            keeping.add_done_callback(self._note_kept)
            recorded = await kept
        self.installation.note_kept()
        self._run_beside(self.installation.look())
        return recorded

    def _note_kept(self, keeping: asyncio.Future[Recorded]) -> None:
        if not keeping.cancelled() and keeping.exception() is None:
            self._changed()

    def outbox(self) -> Sequence[OutboxItem]:
        """Return what was recorded here, newest first."""
        return self._open.tray.items()

    def ops_about(self, row_id: str) -> Sequence[OutboxItem]:
        """Return what was recorded here about a row, oldest first."""
        return self._open.tray.about(row_id)

    def args_of(self, seq: int) -> Mapping[str, Json]:
        """Return the arguments that were recorded as *seq*; empty when they can't be read."""
        entry = self._open.holdings.outbox.entries[seq]
        return cast("Mapping[str, Json]", (entry.op or {}).get("args", {}))

    async def acknowledge(self, seq: int) -> None:
        """Note that the person has seen what became of *seq*."""
        with self._told():
            await self._open.tray.acknowledge(seq)
        self._changed()

    # --- Sync ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Sync by itself whenever open, in the running event loop."""
        if self._device.watch_network is not None and not self._is_watching:
            self._device.watch_network(self.foreground)
            self._is_watching = True
        self._is_started = True
        if self._session is not None:
            self._session.sync.start()

    async def stop(self) -> None:
        """End the background work and close the records."""
        self._is_started = False
        await self.lock()

    async def sync_now(self) -> SyncStatus:
        """Sync once, now, and say how it stands; what can't be sent stays."""
        if self._session is not None:
            await self._session.sync.attempt()
        return self.status

    def foreground(self) -> None:
        """Note that the app came to the front, or the network back: try at once."""
        if self._session is not None:
            self._session.sync.foreground()
            self._run_beside(self.installation.look())

    # --- Points --------------------------------------------------------------------------------

    def points(self, period: str | None = None) -> PointsSummary:
        """Return one's points of a month (YYYY-MM; this one by default) in three parts."""
        return summarise(self.world, self.me, period or f"{self.today():%Y-%m}")

    # --- Within --------------------------------------------------------------------------------

    @property
    def _open(self) -> Session:
        assert self._session is not None, "only when open"
        return self._session

    @property
    def _vault(self) -> Vault:
        assert self._enrolment is not None, "only when enrolled"
        device, staff_id = self._device, self._enrolment.staff_id
        # One for each person and run: it counts the tries that can't be written down.
        if staff_id not in self._vaults:
            vault = Vault(device.settings, device.keys, device.clock, staff_id=staff_id)
            self._vaults[staff_id] = vault
        return self._vaults[staff_id]

    async def _closed_state(self) -> FieldState:
        if self._enrolment is None:
            return FieldState.NOT_ENROLLED
        if not await self._vault.exists():
            return FieldState.PIN_NEEDED
        await self._note_pin_wait()
        return FieldState.LOCKED

    async def _open_with(self, data_key: bytes) -> None:
        assert self._enrolment is not None, "only when enrolled"
        session = Session(self._device, self._enrolment, data_key, self._time)
        journal, self._journal = self._journal, None
        await session.load(await self._device.journal.load() if journal is None else journal)
        is_new = self._enrolment.staff is not None
        if is_new:
            # The vault has it now; in clear it stood only until there was one.
            with contextlib.suppress(StorageFullError):  # A full phone must still open.
                kept = replace(self._enrolment, staff=None)
                await keep_enrolment(self._device.settings, kept)
                self._enrolment = kept
        session.connect(
            on_change=self._changed,
            on_phase=self._tell,
            on_taken=self._taken,
            on_step=self._after_step,
        )
        self._session = session
        if self._is_started:
            session.sync.start()
            self._run_beside(self.installation.settle(is_new=is_new))
        self._turn(FieldState.OPEN)

    def _lead_when_possible(self) -> None:
        """Open the store here once the copy of the app that holds it has been closed."""
        await_lead = self._device.await_lead
        if await_lead is None or self._is_waiting_to_lead:
            return

        async def wait() -> None:
            await await_lead()
            self._leads = True
            await self.load()

        self._is_waiting_to_lead = True
        self._run_beside(wait())

    def _run_beside(self, work: Coroutine[None, None, None]) -> None:
        """Run *work* beside the app; the event loop alone would not hold on to it."""
        task = asyncio.get_running_loop().create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _after_step(self, enrolment: Enrolment) -> None:
        """Lay the world anew after an answer, and remember the server's generation."""
        self._enrolment = enrolment
        await self._open.holdings.refresh()
        shown = self._open.fingerprint()
        if shown == self._shown:  # An answer that brought nothing.
            self._tell()
            return
        self._shown = shown
        self._changed()

    async def _note_pin_wait(self) -> None:
        wait_s = await self._vault.wait_s()
        self._wait_until_ms = self._device.clock.monotonic_ms() + wait_s * 1000

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the device refuses into what a person can be told."""
        try:
            yield
        except StorageFullError as error:
            self.installation.note_full()
            raise RefusedError("storage-full") from error
        except JournalPositionTakenError as error:
            self._taken()
            raise RefusedError("open-elsewhere") from error

    def _taken(self) -> None:
        """Stop writing: another copy of the app holds the journal."""
        self._turn(FieldState.ELSEWHERE)

    def _turn(self, state: FieldState) -> FieldState:
        self.state = state
        self._changed()
        return state

    def _changed(self) -> None:
        self.version += 1
        self._tell()

    def _tell(self) -> None:
        if self._session is not None:
            self._session.tray.read_anew()
        for callback in list(self._callbacks):
            try:
                callback()
            except Exception:  # noqa: BLE001
                # A screen that fails must not stop the sync, nor a record from being kept.
                _log.exception("a subscriber failed")
