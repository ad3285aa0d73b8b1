"""What is open between an unlock and the next lock: records, their list, and the sync."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from client.device import Device
from client.files import Files
from client.hand_over import HandOver
from client.recording import decided_op
from client.status import Phase, Recorded, SyncStatus
from client.store.attachments import AttachmentStore, KeptFile
from client.store.bundles import BundleStore
from client.store.enrolment import Enrolment
from client.store.holdings import Holdings, local_op
from client.store.timekeeping import Timekeeper
from client.sync.attachments import FileSync, RoundWithFiles
from client.sync.bundles import BundleSync, RoundWithBundles
from client.sync.loop import Sync
from client.sync.round import Round
from client.tray import Tray
from shared.domain.attachment import AttachFile
from shared.ids import new_id
from shared.wire.envelope import ClockReading

__all__ = ["Session", "closed_status"]


class Session:
    """One person's open records on one device."""

    def __init__(
        self, device: Device, enrolment: Enrolment, data_key: bytes, time: Timekeeper
    ) -> None:
        """Open what *data_key* opens; call `load` first, then `connect`."""
        self._device = device
        self._enrolment = enrolment
        self._time = time
        self._recording = asyncio.Lock()
        self.holdings = Holdings(device, enrolment, data_key, time)
        self.file_store = AttachmentStore(
            device.settings, device.keys, data_key, device.clock.wall_ms,
            staff_id=enrolment.staff_id,
        )  # fmt: skip
        self.bundle_store = BundleStore(device.settings, device.clock.wall_ms)
        self.tray = Tray(self.holdings, device.settings, staff_id=enrolment.staff_id)
        self.sync: Sync
        self.file_sync: FileSync
        self.files: Files
        self.bundle_sync: BundleSync
        self.hand_over: HandOver
        self._opening: asyncio.Task[None]
        self._on_change: Callable[[], None]

    async def load(self, journal: Sequence[bytes]) -> None:
        """Read all that was kept; *journal* is what `Journal.load` returned."""
        await self.holdings.load(journal, self._enrolment.staff)
        await self.tray.load()
        await self.file_store.load()
        self.holdings.also_erase = self.file_store.erase
        await self.bundle_store.load()

    def connect(
        self,
        *,
        on_change: Callable[[], None],
        on_phase: Callable[[], None],
        on_taken: Callable[[], None],
        on_step: Callable[[Enrolment], Awaitable[None]],
    ) -> None:
        """Make ready to sync, and open the settled records in the background.

        *on_change* is called when the records have changed, *on_phase* when only the sync's phase
        has.
        """
        a_round = Round(self._device, self._enrolment, self.holdings, self._time, on_step=on_step)
        self.file_sync = FileSync(
            device=self._device,
            holdings=self.holdings,
            store=self.file_store,
            attach=self._attach,
            enrolment=lambda: a_round.enrolment,
            on_change=on_change,
            now=self._time.now,
        )
        self.files = Files(
            self._device, self.holdings, self._time, self.file_store, self.file_sync, self.record
        )
        self.bundle_sync = BundleSync(
            device=self._device,
            store=self.bundle_store,
            enrolment=lambda: a_round.enrolment,
            on_change=on_change,
        )
        rounds = RoundWithBundles(RoundWithFiles(a_round, self.file_sync), self.bundle_sync)
        self.sync = Sync(rounds, on_change=on_phase, on_taken=on_taken, listener=a_round)
        self.hand_over = HandOver(
            self._device,
            self.holdings,
            self.bundle_store,
            a_round=a_round,
            sync=self.bundle_sync,
            alone=self.sync.alone,
            on_change=on_change,
        )

        async def open_rest() -> None:
            await self.hand_over.load()
            await self.holdings.open_rest()
            on_change()

        self._on_change = on_change
        self._opening = asyncio.get_running_loop().create_task(open_rest())

    async def record(
        self,
        name: str,
        args: object,
        *,
        draft: str | None = None,
        clock: ClockReading | None = None,
    ) -> Recorded:
        """Keep a mutation, and tell of the change; *clock* is as in `keep`."""
        recorded = await self.keep(name, args, draft=draft, clock=clock)
        self._on_change()
        return recorded

    async def keep(
        self,
        name: str,
        args: object,
        *,
        draft: str | None = None,
        clock: ClockReading | None = None,
    ) -> Recorded:
        """Keep a mutation; see `client.engine.Field.record`. The caller tells of the change.

        *clock* is what the clocks said when it was done, if that was not just now.
        """
        async with self._recording:
            op, rows = decided_op(self.holdings, self._time, name, args, clock=clock)
            entry = await self.holdings.outbox.append(op)
            assert entry.op is not None, "just made"
            self.holdings.world.lay_rows(local_op(entry.op), rows)
        if draft is not None:
            await self.holdings.drafts.discard(draft)
        self.sync.saved()
        return Recorded(seq=entry.seq, row_ids=tuple(row.id for row in rows))

    async def _attach(self, file: KeptFile) -> Recorded:
        """Record that a file hangs on its object, as of when it was made."""
        args = AttachFile(
            id=new_id(self._enrolment.device, self.holdings.outbox.next_sequence),
            object_table=file.object_table,
            object_id=file.object_id,
            kind=file.kind,
            sha256=file.sha256,
            size=file.size,
            media_type=file.media_type,
        )
        return await self.record("attach_file", args, clock=file.clock)

    async def close(self) -> None:
        """Close the records; what is being kept is kept first."""
        await self.sync.stop()
        await self.file_sync.stop()
        await self.bundle_sync.stop()
        self._opening.cancel()
        await asyncio.wait([self._opening])
        async with self._recording:
            await self.holdings.close()

    def fingerprint(self) -> tuple[object, ...]:
        """Return what differs once the records, or what became of them, have changed."""
        entries = self.holdings.outbox.entries.values()
        settled = tuple((entry.seq, entry.result and entry.result.state) for entry in entries)
        return self.holdings.world.changes, settled

    def status(self) -> SyncStatus:
        """Say what waits, since when, the last contact, what needs a look."""
        waiting = self.tray.waiting()
        return SyncStatus(
            phase=self.sync.phase,
            waiting=len(waiting),
            waiting_since=waiting[0].recorded_at if waiting else None,
            last_contact_at=self._time.last_contact_at(),
            needs_me=self.tray.needs_me(),
            pause_slug=self.sync.pause_slug,
            pages_done=self.sync.pages,
            damaged=self.holdings.outbox.damaged,
            replica_rebuilt=self.holdings.replica.is_rebuilding,
            files_waiting=len(self.file_sync.waiting()),
        )


def closed_status(time: Timekeeper) -> SyncStatus:
    """Say what can be said before the unlock."""
    return SyncStatus(
        phase=Phase.IDLE,
        waiting=0,
        waiting_since=None,
        last_contact_at=time.last_contact_at(),
        needs_me=0,
    )
