"""Everything that can be read while the vault is open: outbox, replica, world and drafts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

from client.device import Device, SealedItem, SettingsError, StorageFullError, UnsealError
from client.store.drafts import Drafts
from client.store.enrolment import Enrolment
from client.store.outbox import Entry, Outbox
from client.store.replica import Page, Replica
from client.store.sealed import Sealer
from client.store.stranded import stranded_ops
from client.store.timekeeping import Timekeeper, moment_of
from client.store.world import LocalOp, World
from shared.domain.people import Staff, actor_of
from shared.wire.envelope import OpState
from shared.wire.rows import decode

__all__ = ["Holdings"]

_log = logging.getLogger(__name__)
_OPENED_AT_ONCE = 100


class Holdings:
    """One person's records on this device, open."""

    def __init__(
        self, device: Device, enrolment: Enrolment, data_key: bytes, time: Timekeeper
    ) -> None:
        """Hold what *data_key* opens; call `load` first."""
        self._device = device
        self._data_key = data_key
        self._staff_id = enrolment.staff_id
        self._number = enrolment.device
        self.outbox = Outbox(
            device.journal,
            Sealer(device.keys, data_key, device=enrolment.device),
            device=enrolment.device,
        )
        self.replica = Replica(
            device.replica_path, device.settings, device.keys, data_key, name=enrolment.staff_id
        )
        self.drafts = Drafts(
            device.settings, device.keys, data_key, device.clock.wall_ms, staff_id=self._staff_id
        )
        self.world = World(time.today)
        self.me: Staff

    async def load(self, journal: Sequence[bytes], staff: Mapping[str, Any] | None) -> None:
        """Read all that was kept.

        Args:
            journal: What `Journal.load` returned.
            staff: The person's row, of an enrolment just made; later the vault has it.
        """
        self.me = await self._load_me(staff)
        await self.outbox.load(journal, sent=await self._sent())
        sealer = Sealer(self._device.keys, self._data_key, device=self._number)
        for op in await stranded_ops(journal, sealer, self.outbox, device=self._number):
            await self.outbox.append(op)
        self.world.take(await self.replica.load())
        self.replica.belong_to(self._number)
        await self.refresh()
        await self.drafts.load()
        await self.drafts.discard_recorded(self._is_recorded)

    async def open_rest(self) -> None:
        """Open the settled ops too, some at a time, for the list of what was recorded here."""
        entries = sorted(self.outbox.entries.values(), key=lambda entry: -entry.seq)
        for start in range(0, len(entries), _OPENED_AT_ONCE):
            await self.outbox.open(entries[start : start + _OPENED_AT_ONCE])
            await asyncio.sleep(0)

    async def refresh(self) -> None:
        """Work out the world anew after an answer, and drop what may not stay."""
        await self.outbox.open(self._unapplied())
        self.lay()
        self._drop_expired()

    def lay(self) -> None:
        """Work out the world anew from the server's rows and the outbox."""
        self.me = self.world.get(Staff, self._staff_id) or self.me
        self.world.actor = actor_of(self.me)
        self.world.lay(local_op(entry.op) for entry in self._unapplied() if entry.op is not None)

    async def take_page(self, page: Page) -> None:
        """Take a page of rows: in the replica first, then in the world."""
        news, gone = await self.replica.apply(page)
        self.world.take(news, gone)

    def _drop_expired(self) -> None:
        """Delete the contacts whose time is over; the server need not be asked for that."""
        expired = self.world.expired_contacts()
        if expired:
            self.replica.drop(expired)
            self.world.take([], expired)

    async def mark_sent(self, seq: int) -> None:
        """Keep, before sending it, that *seq* is about to be known to the server."""
        if seq > await self._sent():
            # It guards against a journal that loses its end; a full phone must still send.
            with contextlib.suppress(StorageFullError):
                await self._device.settings.put(self._sent_name, str(seq).encode())

    async def close(self) -> None:
        """Keep what is not kept yet, and forget everything readable."""
        await self.drafts.close()
        await self.replica.close()

    @property
    def _sent_name(self) -> str:
        return f"sent/{self._number}"

    async def _sent(self) -> int:
        try:
            return int(await self._device.settings.get(self._sent_name) or b"0")
        except (SettingsError, ValueError):
            return 0

    async def _load_me(self, staff: Mapping[str, Any] | None) -> Staff:
        name = f"me/{self._staff_id}"
        settings, keys = self._device.settings, self._device.keys
        if staff is not None:
            content = json.dumps(staff).encode()
            (sealed,) = await keys.seal(self._data_key, [SealedItem(name.encode(), content)])
            await settings.put(name, sealed)
            return decode(Staff, staff)
        try:
            item = SealedItem(name.encode(), await settings.get(name) or b"")
            (content,) = await keys.unseal(self._data_key, [item])
            return decode(Staff, json.loads(content))
        except (SettingsError, UnsealError, ValueError):
            # The next sync brings it; until then, what waits can at least be sent.
            _log.exception("one's own row can't be read")
            return _unknown_person(self._staff_id)

    def _unapplied(self) -> list[Entry]:
        """Return the ops whose effects the server's rows do not hold yet, in order."""
        applied = self.replica.applied
        return [
            entry
            for entry in self.outbox.entries.values()
            if entry.result is None
            or entry.is_open
            or (entry.result.state is OpState.OK and entry.seq > applied)
        ]

    def _is_recorded(self, row_id: str) -> bool:
        return self.world.knows(row_id) or any(
            entry.op is not None and cast("dict[str, Any]", entry.op["args"]).get("id") == row_id
            for entry in self.outbox.entries.values()
        )


def _unknown_person(staff_id: str) -> Staff:
    return Staff(
        id=staff_id, county_id=staff_id, outlet_id=staff_id, number="0", name="?", roles=()
    )


def local_op(op: Mapping[str, Any]) -> LocalOp:
    """Return an op of the outbox as the world runs it."""
    return LocalOp(
        seq=op["seq"], name=op["name"], version=op["v"], args=op["args"], moment=moment_of(op)
    )
