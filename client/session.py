"""What is open between an unlock and the next lock: records, their list, and the sync."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from client.device import Device
from client.recording import decided_op
from client.status import Phase, Recorded, SyncStatus
from client.store.enrolment import Enrolment
from client.store.holdings import Holdings, local_op
from client.store.timekeeping import Timekeeper
from client.sync.loop import Sync
from client.sync.round import Round
from client.tray import Tray

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
        self.tray = Tray(self.holdings, device.settings, staff_id=enrolment.staff_id)
        self.sync: Sync
        self._opening: asyncio.Task[None]
        self._on_change: Callable[[], None]

    async def load(self, journal: Sequence[bytes]) -> None:
        """Read all that was kept; *journal* is what `Journal.load` returned."""
        await self.holdings.load(journal, self._enrolment.staff)
        await self.tray.load()

    def connect(
        self,
        *,
        on_change: Callable[[], None],
        on_taken: Callable[[], None],
        on_step: Callable[[Enrolment], Awaitable[None]],
    ) -> None:
        """Make ready to sync, and open the settled records in the background."""
        a_round = Round(self._device, self._enrolment, self.holdings, self._time, on_step=on_step)
        self.sync = Sync(a_round, on_change=on_change, on_taken=on_taken)

        async def open_rest() -> None:
            await self.holdings.open_rest()
            on_change()

        self._on_change = on_change
        self._opening = asyncio.get_running_loop().create_task(open_rest())

    async def record(self, name: str, args: object, *, draft: str | None) -> Recorded:
        """Keep a mutation; see `client.engine.Field.record`."""
        async with self._recording:
            op, rows = decided_op(self.holdings, self._time, name, args)
            entry = await self.holdings.outbox.append(op)
            assert entry.op is not None, "just made"
            self.holdings.world.lay_rows(local_op(entry.op), rows)
        if draft is not None:
            await self.holdings.drafts.discard(draft)
        self._on_change()
        self.sync.saved()
        return Recorded(seq=entry.seq, row_ids=tuple(row.id for row in rows))

    async def close(self) -> None:
        """Close the records; what is being kept is kept first."""
        await self.sync.stop()
        self._opening.cancel()
        await asyncio.wait([self._opening])
        async with self._recording:
            await self.holdings.close()

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
