"""Everything that can be read while the vault is open: outbox, replica, world and drafts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, cast

from client.device import Device, SealedItem, SettingsError, StorageFullError, UnsealError
from client.store.drafts import Drafts
from client.store.enrolment import Enrolment
from client.store.outbox import LOST_RECORD, Entry, Outbox
from client.store.replica import Page, Replica
from client.store.sealed import Sealer
from client.store.stranded import ServerLife, bring_over
from client.store.timekeeping import Timekeeper, moment_of
from client.store.world import LocalOp, World
from shared.canonical import Json
from shared.domain.customer import CustomerContact
from shared.domain.people import Staff, actor_of
from shared.wire.envelope import ERASED_RECORD, OpState
from shared.wire.rows import decode, encode
from shared.wire.schemas import instant_ms

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
        self._time = time
        self._staff_id = enrolment.staff_id
        self._server = ServerLife(enrolment.generation, enrolment.earlier)
        self._number = enrolment.device
        self._sealer = Sealer(device.keys, data_key, device=enrolment.device)
        self.outbox = Outbox(device.journal, self._sealer, device=enrolment.device)
        self.replica = Replica(
            device.replica_path, device.settings, device.keys, data_key, name=enrolment.staff_id
        )
        self.drafts = Drafts(
            device.settings, device.keys, data_key, device.clock.wall_ms, staff_id=self._staff_id
        )
        self.world = World(time.today)
        self.me: Staff
        self.also_erase: Callable[[Collection[str]], Awaitable[None]] = _nothing_else
        """Erases what hangs on some objects and is kept elsewhere."""
        self.has_erased = False
        self.owes_past = True
        """Whether work of earlier numbers may not all be under the present one yet."""

    async def load(self, journal: Sequence[bytes], staff: Mapping[str, Any] | None) -> None:
        """Read all that was kept.

        Args:
            journal: What `Journal.load` returned.
            staff: The person's row, of an enrolment just made; later the vault has it.
        """
        self.me = await self._load_me(staff)
        await self.outbox.load(journal, sent=await self._sent())
        await self.settle_past()
        self.world.take(await self.replica.load())
        self.replica.belong_to(self._number)
        await self.refresh()
        await self.drafts.load()
        await self.drafts.discard_recorded(self._is_recorded)

    async def follow(self, generation: str, earlier: Mapping[str, int]) -> None:
        """Take note of another life of the server, and of what it knows of earlier numbers."""
        self._server = ServerLife(generation, earlier)
        await self.settle_past()

    async def settle_past(self) -> None:
        """Bring what earlier numbers of this device still owe under the present one.

        Without room it is left for later: who can't save can still look, and send what there is.
        """
        self.owes_past = True
        with contextlib.suppress(StorageFullError):
            await bring_over(
                self.outbox,
                self._sealer,
                self._server,
                instant_ms(self._time.now()),
                lambda is_erased: self.lost_record(is_erased=is_erased),
            )
            self.owes_past = False

    def lost_record(self, *, is_erased: bool = False) -> dict[str, Json]:
        """Return what takes the place of an op whose record is damaged, or was erased by order."""
        return {
            "name": ERASED_RECORD if is_erased else LOST_RECORD,
            "v": 1,
            "args": {},
            "base": {},
            "by": self._staff_id,
            "clock": encode(self._time.reading()),
        }

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
        received = self.replica.received
        self.world.lay(
            local_op(entry.op, is_received=entry.result is None and entry.seq <= received)
            for entry in self._unapplied()
            if entry.op is not None
        )

    async def take_page(self, page: Page) -> None:
        """Take a page of rows: in the replica first, then in the world."""
        news, gone = await self.replica.apply(page)
        self.world.take(news, gone)

    def _drop_expired(self) -> None:
        """Delete the contacts whose time is over; the server need not be asked for that."""
        expired = self.world.expired_contacts()
        if expired:
            self.replica.drop(expired, self._time.today())
            self.world.take([], expired)

    async def obeyed(self, generation: str) -> int:
        """Return the number of the last erase order of that life of the server that was obeyed."""
        try:
            kept = json.loads(await self._device.settings.get(self._obeyed_name) or b"{}")
            return int(kept["upto"]) if kept.get("generation") == generation else 0
        except (SettingsError, ValueError, TypeError, KeyError):
            return 0  # Obeyed once more, it changes nothing.

    async def erase(
        self, generation: str, upto: int, ops: Collection[tuple[int, int]], objects: Collection[str]
    ) -> None:
        """Destroy what the server ordered: bodies of operations, files, drafts.

        Its rows leave by the feed. Where something has to wait, the order is not noted as obeyed,
        and comes again.
        """
        contacts = [self.world.get(CustomerContact, row_id) for row_id in objects]
        try:
            is_whole = await self.outbox.erase(ops)
            await self.drafts.erase({*objects, *(one.phone for one in contacts if one)})
            await self.also_erase(objects)
            if is_whole and not self.owes_past:
                obeyed = {"generation": generation, "upto": upto}
                await self._device.settings.put(self._obeyed_name, json.dumps(obeyed).encode())
        except StorageFullError:
            _log.warning("no room to erase what was ordered; tried again at the next contact")
        self.has_erased = True

    async def compact(self) -> None:
        """After the rows of an erasure have left, leave nothing of them behind."""
        if self.has_erased:
            self.has_erased = False
            await self.replica.compact()

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
    def _obeyed_name(self) -> str:
        return f"erased/{self._number}"

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
            with contextlib.suppress(StorageFullError):  # The first sync brings it, too.
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


async def _nothing_else(_: Collection[str]) -> None:
    return


def _unknown_person(staff_id: str) -> Staff:
    return Staff(
        id=staff_id, county_id=staff_id, outlet_id=staff_id, number="0", name="?", roles=()
    )


def local_op(op: Mapping[str, Any], *, is_received: bool = False) -> LocalOp:
    """Return an op of the outbox as the world runs it."""
    return LocalOp(
        seq=op["seq"],
        name=op["name"],
        version=op["v"],
        args=op["args"],
        moment=moment_of(op),
        is_received=is_received,
    )
