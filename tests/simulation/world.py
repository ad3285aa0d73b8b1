"""The world of one seed: server, phones, people, and the order in which things happen."""

from __future__ import annotations

import asyncio
import atexit
import dataclasses
import functools
import gc
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from client.status import Phase
from server.migrating import migrate
from server.mutations.promises import WAITS_AT_MOST
from shared.domain.erasure import EraseCustomer, ErasureReason
from shared.domain.notice import SeeNotice
from shared.domain.people import Staff
from shared.domain.village import Round, Village
from tests.simulation import invariants
from tests.simulation.attaching import drawn_file, drawn_look
from tests.simulation.clockwork import VirtualLoop
from tests.simulation.county import COUNTY_ROWS, SEATS
from tests.simulation.disk import disks_attached
from tests.simulation.entropy import chance_of, seeded_entropy
from tests.simulation.faults import Faults
from tests.simulation.hand_over import Sticks
from tests.simulation.network import Network
from tests.simulation.phones import BARRED, Phone, task_factory
from tests.simulation.server_box import ServerBox
from tests.simulation.trace import Trace, unexpected_noted
from tests.simulation.upgrade import Release, release_possible
from tests.simulation.workload import drawn_deed

__all__ = ["World", "live_through", "prepare"]

T = TypeVar("T")

BEGINS_MS = 1_777_856_400_000  # Monday 2026-05-04, nine o'clock at the outlets.
LEAST_PHONES = 5
HEALING_ROUNDS = 12
SWEEP_S = 7300.0
BACKUP_GOOD_S = 50 * 86_400.0
"""Phones keep what they have sent for 60 days; who restores an older backup loses what was then."""
_KEYS = re.compile(rb"(?:care_card|customer|referral|village|visit)([0-9A-Z]{13})")
"""Table and id of a row in SQLite's file, where they stand one after the other."""
_FAST = Path("/dev/shm")  # noqa: S108 - syncs cost nothing there


@dataclass(frozen=True, slots=True)
class Template:
    """A county with its devices enrolled, to be copied for each seed."""

    folder: Path
    ended_ms: int


class World:
    """One run.

    Attributes:
        chance: Whatever happens by chance is drawn from it.
        phones: By name; those that a clone has joined too.
        told: By key, the promises that a phone was told are accepted.
        restores: How often the server went back in time.
    """

    def __init__(
        self, seed: object, folder: Path, faults: Faults, begins_ms: int, release: Release
    ) -> None:
        self.chance = chance_of(f"world of {seed}")
        self.faults = faults
        self.folder = folder
        self.trace = Trace()
        self.release = release
        self.loop = VirtualLoop()
        self.loop.set_task_factory(task_factory)  # type: ignore[arg-type]
        self.loop.set_exception_handler(self._note_loose_end)
        self._begins_ms = begins_ms
        self.server = ServerBox(folder / "server.sqlite3", self.now_ms, is_small="small" in faults)
        self.watch = invariants.Watch(self.server, self.trace)
        self.network = Network(
            server=self.server,
            trace=self.trace,
            chance=self.chance,
            faults=faults.network,
            likely=faults.likely,
            late=[],
            before=self.watch.before,
            after=self.watch.after,
        )
        self.phones: dict[str, Phone] = {}
        self.sticks = Sticks(self.chance, self.trace, is_damaging="damaged-file" in faults)
        self.attempts_before = invariants.attempts_of(self.server)
        self.restores = 0
        self._backup: Path | None = None
        self._backed_up_s = 0.0
        self._poisoned: set[str] = set()
        self._barred: set[str] = set()

    def now_ms(self) -> int:
        """Return the true time."""
        return self._begins_ms + round(self.loop.time() * 1000)

    def phone_of(self, name: str, folder: Path) -> Phone:
        """Return a phone whose storage is *folder*."""
        return Phone(
            name,
            SEATS[name],
            folder,
            network=self.network,
            trace=self.trace,
            now_ms=self.now_ms,
            booted_ms=BEGINS_MS - 60_000,
            chance=self.chance,
        )

    def close(self) -> None:
        """Let go of everything."""
        for phone in self.phones.values():
            phone.disk.close()
        self.server.close()
        self.loop.close()

    # --- A run ---------------------------------------------------------------------------------

    async def live(self, steps: int) -> None:
        """Let everything happen, step by step."""
        names = [*SEATS][:3] + self.chance.sample(
            [*SEATS][3:], self.chance.randint(LEAST_PHONES - 3, 6)
        )
        self.phones = {name: self.phone_of(name, self.folder / name) for name in names}
        for step in range(steps):
            self.trace.note(f"{step} at {self.loop.time():.3f}")
            await self._step()
            await self._bury()
            self.watch.complain()

    async def _step(self) -> None:
        doings = [
            (self._work, 34),
            (self._sync, 18),
            (self._pass_time, 14),
            (self._change_network, 10),
            (self._restart_app, 5),
            (self._stay_open, 2),
            (self._help, 2),
            *self._mishaps(),
        ]
        doing = self.chance.choices([one for one, _ in doings], [weight for _, weight in doings])[0]
        await doing()

    def _mishaps(self) -> list[tuple[Any, int]]:
        all_of_them = {
            "reorder": (self._arrive_late, 4 if self.network.late else 0),
            "busy": (self._make_busy, 2),
            "server-kill": (self._doom_server, 3),
            "server-restart": (self._restart_server, 2),
            "restore": (self._back_up_or_restore, 2),
            "poison": (self._poison, 2),
            "wrong-clock": (self._turn_clock, 2),
            "app-kill": (self._doom_app, 4),
            "power-cut": (self._doom_phone, 4),
            "disk-full": (self._fill_disk, 3),
            "bit-rot": (self._rot, 1),
            "lost-replica": (self._damage_replica, 4),
            "clone": (self._clone, 1),
            "upgrade": (self._upgrade, 1),
            "moves": (self._move, 3),
            "revoke": (self._revoke, 1),
            "lapse": (self._lapse, 1),
            "hand-over": (self._hand_over, 12),
            "renew": (self._renew, 1),
            "files": (self._use_files, 9),
            "erase": (self._erase, 3),
        }
        return [doing for name, doing in all_of_them.items() if name in self.faults]

    async def _work(self) -> None:
        phone = await self._someone()
        if phone is not None and (field := phone.open) is not None:
            deed = drawn_deed(self.chance, field)
            if deed is not None:
                name, args = deed
                await phone.record(name, self.release.typed(args))
            await asyncio.sleep(self.chance.uniform(0.5, 20))

    async def _sync(self) -> None:
        phone = await self._someone()
        if phone is not None:
            await self.synced(phone)

    async def synced(self, phone: Phone) -> Phase | None:
        """Let a phone sync once, and look at what it holds then."""
        phase = await phone.sync()
        status = phone.field.status if phone.field else None
        pause = status.pause_slug if status else None
        self.trace.note(f"  {phone.name} ends {phase} {pause or ''} {_held(phone)}")
        if phase is Phase.IDLE:
            self.watch.held_by(phone)
        return phase

    async def _pass_time(self) -> None:
        spans = [(1.0, 300.0)] * 4 + [(3600.0, 20_000.0)] * 2 + [(80_000.0, 200_000.0)]
        if "long" in self.faults:
            spans.append((10 * 86_400.0, 35 * 86_400.0))
        await asyncio.sleep(self.chance.uniform(*self.chance.choice(spans)))

    async def _change_network(self) -> None:
        phone = self._any()
        phone.way.is_cut = not phone.way.is_cut
        self.trace.note(f"  {phone.name} {'loses' if phone.way.is_cut else 'finds'} the network")
        if not phone.way.is_cut and phone.open and self.chance.random() < 0.7:
            await self.synced(phone)

    async def _restart_app(self) -> None:
        phone = self._any()
        if phone.field is not None:
            await (phone.stop() if self.chance.random() < 0.5 else phone.kill())
        await self.started(phone)

    async def _stay_open(self) -> None:
        """Leave the app in front for some minutes: it syncs by itself."""
        phone = await self._someone()
        if phone is None or (field := phone.open) is None:
            return

        async def begin() -> None:
            field.start()

        await phone.run(begin())
        for _ in range(self.chance.randint(1, 4)):
            deed = drawn_deed(self.chance, field) if phone.open is field else None
            if deed is not None:
                await phone.record(deed[0], self.release.typed(deed[1]))
            await asyncio.sleep(self.chance.uniform(0.1, 40))
            await self._bury()
        await phone.stop()

    async def _help(self) -> None:
        """Give somebody whose phone is barred a new code, long before everything is healed."""
        barred = [phone for phone in self.phones.values() if _pause_of(phone) in BARRED]
        if barred:
            await self._enrolled_anew(self._drawn(barred))

    # --- Mishaps -------------------------------------------------------------------------------

    async def _arrive_late(self) -> None:
        if self.network.late:
            self.network.deliver_late()

    async def _make_busy(self) -> None:
        self.server.busy_left = self.chance.randint(1, 4)

    async def _doom_server(self) -> None:
        self.server.statements_left = self.chance.randint(0, 150)

    async def _restart_server(self) -> None:
        self.server.restart()

    async def _back_up_or_restore(self) -> None:
        path = self.folder / "backup.sqlite3"
        is_old = self.loop.time() - self._backed_up_s > BACKUP_GOOD_S
        if self._backup is None or is_old:
            self.trace.note("  backup")
            self.server.back_up(path)
            self._backup, self._backed_up_s = path, self.loop.time()
        elif self.chance.random() < 0.5:
            self.trace.note("  restore")
            self.restores += 1
            with_files = "old-files" in self.faults
            self.watch.note_erased()
            self.server.restore(path, with_files=with_files)
            self._backup = None
            self.watch.restored()

    async def _poison(self) -> None:
        chance = self.chance.random() * 0.5
        salt = self.chance.random()
        self.server.is_poisoned = lambda op_id: chance_of(f"{salt} {op_id}").random() < chance

    async def _turn_clock(self) -> None:
        phone = self._any()
        hour = 3_600_000
        skew_ms = self.chance.choice([0, -hour, hour, 40 * 24 * hour, 87_600 * hour])
        if skew_ms > 24 * hour:
            # As when the battery was empty for long: nothing is left to know the time by.
            await phone.stop()
            phone.clock.reboot()
        phone.clock.skew_ms = skew_ms
        self.trace.note(f"  {phone.name} clock {skew_ms}")

    async def _doom_app(self) -> None:
        self._any().disk.arm(self.chance.randint(0, 40), power=False)

    async def _doom_phone(self) -> None:
        self._any().disk.arm(self.chance.randint(0, 40), power=True)

    async def _fill_disk(self) -> None:
        phone = self._any()
        phone.disk.is_full = not phone.disk.is_full
        self.trace.note(f"  {phone.name} {'full' if phone.disk.is_full else 'has room'}")

    async def _rot(self) -> None:
        """Flip one bit in a record of a closed journal."""
        phone = self._any()
        journal = phone.folder / "journal"
        await phone.stop()
        if phone.field is not None or not journal.exists():
            return
        content = bytearray(journal.read_bytes())
        if content:
            at = self.chance.randrange(len(content))
            content[at] ^= 1 << self.chance.randrange(8)
            journal.write_bytes(content)
            phone.lost_allowed += 1
            self.trace.note(f"  {phone.name} journal damaged at {at} of {len(content)}")

    async def _damage_replica(self) -> None:
        phone = self._any()
        await phone.stop()
        replica = phone.folder / "replica.sqlite3"
        if phone.field is not None or not replica.exists():
            return
        content = bytearray(replica.read_bytes())
        kind = self.chance.choice((0, 1, 2, 2, 3))
        keys = [found.start(1) for found in _KEYS.finditer(content)]
        if kind == 0:
            replica.unlink()
        elif kind == 1:
            replica.write_bytes(content[: self.chance.randrange(len(content))])
        elif kind == 2 and keys:
            # In its place in SQLite's tree it is out of order then: nobody finds it by its name.
            content[self.chance.choice(keys) + self.chance.randrange(6)] ^= 1
            replica.write_bytes(content)
        else:
            for _ in range(20):
                content[self.chance.randrange(len(content))] ^= 1 << self.chance.randrange(8)
            replica.write_bytes(content)
        self.trace.note(f"  {phone.name} replica damaged ({kind})")

    async def _clone(self) -> None:
        phone = self._any()
        name = f"{phone.name}'s clone"
        if name in self.phones or "clone" in phone.name:
            return
        await phone.stop()
        if phone.field is None:
            self.trace.note(f"  {name} made")
            self.phones[name] = phone.cloned(
                name, self.folder / f"{phone.name}-clone", self.network
            )

    async def _upgrade(self) -> None:
        if self.release.is_out:
            return
        self.trace.note("  release")
        for phone in self.phones.values():
            await phone.stop()
        self.server.restart()
        self.release.publish()

    async def _move(self) -> None:
        """Change the organisation, as the county's administrator does by an import."""
        with self.server.own() as tx:
            kind = self.chance.randrange(3)
            if kind == 0:
                village = self._drawn(tx.rows.where(Village))
                rounds = tx.rows.where(Round, outlet_id=village.outlet_id)
                tx.put(dataclasses.replace(village, round_id=self._drawn(rounds).id))
            elif kind == 1:
                one = self._drawn(tx.rows.where(Round))
                postmen = [SEATS["postman"], SEATS["colleague"]]
                if one.outlet_id == postmen[0].outlet_id:
                    tx.put(dataclasses.replace(one, postman_id=self._drawn(postmen).id))
            else:
                who = tx.rows.get(Staff, SEATS[self._drawn(["colleague", "backup"])].id)
                assert who is not None
                outlets = sorted({seat.outlet_id for seat in SEATS.values()} - {who.outlet_id})
                tx.put(dataclasses.replace(who, outlet_id=self._drawn(outlets)))
            self.trace.note(f"  moves {sorted(row_id for _, row_id in tx.changed)}")

    async def _revoke(self) -> None:
        phone = self._any()
        self.trace.note(f"  {phone.name} revoked")
        self.watch.revoke(phone)

    async def _lapse(self) -> None:
        """Let somebody leave, or come back."""
        seat = self._drawn(["colleague", "backup", "far-postman"])
        with self.server.own() as tx:
            who = tx.rows.get(Staff, SEATS[seat].id)
            assert who is not None
            tx.put(dataclasses.replace(who, active=not who.active))
            self.trace.note(f"  {seat} {'leaves' if who.active else 'is back'}")

    async def _renew(self) -> None:
        """Enrol a phone anew that needs no such thing, whatever it has not sent yet."""
        phone = await self._someone()
        if phone is not None:
            await self._enrolled_anew(phone)

    async def _hand_over(self) -> None:
        """Pass on a file: saved by one, taken in by another, now or at some later time."""
        giver = await self._someone()
        if giver is not None:
            await self.sticks.filled_by(giver)
        drawn = self.sticks.drawn(self.phones)
        if drawn is None:
            return
        content, taker = drawn
        if taker.field is None:
            await self.started(taker)
        await self.sticks.taken_by(taker, content)
        if self.chance.random() < 0.6:
            await self._wait_for_receipts(taker)

    async def _wait_for_receipts(self, carrier: Phone) -> None:
        """Sit together until what the carrier has brought was answered."""
        await self.synced(carrier)
        await asyncio.sleep(5)
        await self.sticks.filled_by(carrier)
        answer = self.sticks.latest(self.phones)
        if answer is not None:
            await self.sticks.taken_by(answer[1], answer[0])

    async def _use_files(self) -> None:
        """Attach a file, look at one, or let the server collect what nobody names."""
        kind = self.chance.random()
        if kind < 0.1:
            collected = self.server.collect()
            self.trace.note(f"  collects {collected.files} files, misses {collected.missing}")
            return
        phone = await self._someone()
        if phone is None or (field := phone.open) is None:
            return
        if kind < 0.75:
            draft = drawn_file(self.chance, field)
            if draft is not None:
                await phone.attach(draft)
                if self.chance.random() < 0.7:
                    await self.synced(phone)
        elif (item := drawn_look(self.chance, field)) is not None:
            content = await phone.run(field.files.content(item))
            if content is not None:
                self.watch.looked_at(item, content)
        await asyncio.sleep(self.chance.uniform(0.1, 20))

    async def _erase(self) -> None:
        """Have an administrator erase a customer, from a phone or at the server itself."""
        database = self.server.read()
        query = "SELECT id FROM customer WHERE erased_at IS NULL ORDER BY id"
        known = [found[0] for found in database.execute(query).fetchall()]
        if not known:
            return
        if self.chance.random() < 0.6:
            known = self._troubled(known) or known
        customer_id = self._drawn(known)
        admin = self.phones.get("admin")
        if admin is not None and self.chance.random() < 0.5:
            if admin.field is None:
                await self.started(admin)
            if admin.open is not None:
                order = EraseCustomer(
                    id=admin.open.new_id(), customer_id=customer_id, reason=ErasureReason.ASKED
                )
                await admin.record("erase_customer", order)
            return
        said = self.server.erase(customer_id)
        self.trace.note(f"  {said}")

    def _troubled(self, customer_ids: Sequence[str]) -> list[str]:
        """Return those of whom something was refused, or waits: it has no rows of its own."""
        query = "SELECT body FROM op WHERE state <> 'ok' AND body LIKE '%zq%' ORDER BY device, seq"
        database = self.server.read()
        bodies = "".join(found[0] for found in database.execute(query).fetchall())
        leads = (
            "SELECT id, customer_id FROM referral UNION ALL SELECT id, customer_id FROM care_card"
        )
        about = {found[1] for found in database.execute(leads).fetchall() if found[0] in bodies}
        return [one for one in customer_ids if one in about]

    # --- Healing -------------------------------------------------------------------------------

    async def heal(self) -> None:
        """End all faults, and let everybody sync until nothing is left to do."""
        self.trace.note(f"healing at {self.loop.time():.3f}")
        self._end_faults()
        await self._bury()
        for phone in self.phones.values():
            await phone.stop()  # A replica that had no room for its file has room now.
        await asyncio.sleep(SWEEP_S)
        await self._settle()
        if self.restores:
            # What was promised before waits so long for what other phones may still bring.
            await asyncio.sleep(WAITS_AT_MOST.total_seconds() + SWEEP_S)
            # It is looked at again whenever anything new comes in.
            for phone in self.phones.values():
                await phone.record("see_notice", SeeNotice(ids=()))
            await self._settle()
        for phone in self.phones.values():
            await phone.stop()
            await self.started(phone)

    async def _settle(self) -> None:
        for _ in range(HEALING_ROUNDS):
            before = self.watch.progress()
            for phone in self.phones.values():
                await self._looked_after(phone)
            self.watch.rerun_parked()
            if self.watch.progress() == before:
                break

    def _end_faults(self) -> None:
        self.network.faults = ()
        while self.network.late:
            self.network.deliver_late()
        self.server.statements_left = None
        self.server.busy_left = 0
        self.server.is_poisoned = lambda _: False
        with self.server.own() as tx:
            for who in tx.rows.where(Staff, active=False):
                tx.put(dataclasses.replace(who, active=True))
        for phone in self.phones.values():
            phone.way.is_cut = False
            phone.disk.is_full = False
            phone.disk.steps_left = None
            phone.clock.skew_ms = 0

    async def _looked_after(self, phone: Phone) -> None:
        """Sync a phone, and enrol it anew when the server wants that."""
        if phone.open is None:
            await phone.stop()
            await self.started(phone)
        await self.synced(phone)
        if _pause_of(phone) in BARRED:
            await self._enrolled_anew(phone)
            await self.synced(phone)
        if phone.open is not None and phone.open.status.files_waiting:
            await asyncio.sleep(5)  # They go beside the rounds.
            await self.synced(phone)

    async def _enrolled_anew(self, phone: Phone) -> None:
        """Give a phone that is barred a fresh code."""
        self.trace.note(f"  {phone.name} is enrolled anew")
        await phone.enrol(self.server.code_for(phone.staff))

    # --- Within --------------------------------------------------------------------------------

    async def started(self, phone: Phone) -> None:
        """Start a phone's app, and see that everything promised is there."""
        await phone.start()
        if phone.open is not None:
            self.watch.kept_by(phone)

    async def _someone(self) -> Phone | None:
        """Return a phone whose app is open, started if need be."""
        phone = self._any()
        if phone.field is None:
            await self.started(phone)
        elif phone.open is None:
            await phone.stop()
        return phone if phone.open is not None else None

    def _any(self) -> Phone:
        return self._drawn([*self.phones.values()])

    def _drawn(self, some: Sequence[T]) -> T:
        return some[self.chance.randrange(len(some))]

    async def _bury(self) -> None:
        """End the processes of phones that died where nobody waited for them."""
        for phone in self.phones.values():
            if phone.disk.is_dead and phone.field is not None:
                self.trace.note(f"  {phone.name} died in the background")
                await phone.kill(power=phone.disk.dies_with_power)

    def _note_loose_end(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            self.trace.unexpected.append(f"{context['message']}: {error!r}")


def _pause_of(phone: Phone) -> str | None:
    return phone.field.status.pause_slug if phone.field else None


def _held(phone: Phone) -> str:
    """Return what tells one state of a replica from another."""
    if phone.open is None:
        return "closed"
    replica = phone.open._open.holdings.replica
    return f"{len(replica._known)}:{replica._sum:08x}"


def prepare() -> None:
    """Make what all seeds begin with: without any bug, whatever is planted afterwards."""
    _template()


def live_through(seed: object, steps: int, faults: Faults | None = None) -> Trace:
    """Run a seed from beginning to end; return what happened.

    Raises:
        Violation: An invariant does not hold; its `trace` is what happened before.
    """
    chosen = faults or Faults.drawn(chance_of(f"faults of {seed}"))
    with _conditions(seed, chosen) as world:
        world.trace.note(f"seed {seed}: {' '.join(sorted(chosen.some))} at {chosen.likely}")

        async def run() -> None:
            await world.live(steps)
            await world.heal()
            await invariants.check_end(world)
            for phone in world.phones.values():
                await phone.stop()

        try:
            world.loop.run_until_complete(run())
        except invariants.Violation as violation:
            violation.trace = world.trace
            raise
        return world.trace


@contextmanager
def _conditions(seed: object, faults: Faults) -> Iterator[World]:
    made = _template()
    with ExitStack() as stack:
        stack.enter_context(_garbage_kept())
        root = Path(stack.enter_context(_folder()))
        folder = root / "world"
        shutil.copytree(made.folder, folder)
        release = stack.enter_context(release_possible())
        stack.enter_context(seeded_entropy(seed))
        stack.enter_context(disks_attached())
        world = World(seed, folder, faults, made.ended_ms, release)
        stack.enter_context(world.server.runs_noted())
        stack.callback(world.close)
        stack.enter_context(unexpected_noted(world.trace))
        yield world


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Collect no garbage meanwhile: when rows leave a session's memory decides what is queried."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@functools.cache
def _template() -> Template:
    """Make the county, its devices and a little history, once for this process."""
    folder = Path(tempfile.mkdtemp(prefix="liandong-sim-", dir=_fast_folder()))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    engine = sa.create_engine(f"sqlite:///{folder / 'server.sqlite3'}")
    migrate(engine)
    engine.dispose()
    calm = Faults(frozenset(), (), 0.0)
    with (
        release_possible() as release,
        seeded_entropy("template"),
        disks_attached(),
    ):
        world = World("template", folder, calm, BEGINS_MS, release)
        with unexpected_noted(world.trace):
            world.loop.run_until_complete(_begin(world))
            ended_ms = world.now_ms()
            world.close()
    return Template(folder, ended_ms)


async def _begin(world: World) -> None:
    with world.server.own() as tx:
        for row in COUNTY_ROWS:
            tx.put(row)
    for name, staff in SEATS.items():
        phone = world.phones[name] = world.phone_of(name, world.folder / name)
        await phone.enrol(world.server.code_for(staff))
    for _ in range(6):
        for phone in world.phones.values():
            await _morning(world, phone)
    await asyncio.sleep(3600)
    for phone in world.phones.values():
        await phone.sync()
        await phone.stop()


async def _morning(world: World, phone: Phone) -> None:
    """Let somebody do a little, and sync."""
    for _ in range(2):
        deed = None if phone.open is None else drawn_deed(world.chance, phone.open)
        if deed is not None:
            await phone.record(*deed)
        await asyncio.sleep(60)
    await phone.sync()


@contextmanager
def _folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="liandong-sim-", dir=_fast_folder()) as folder:
        yield folder


def _fast_folder() -> Path | None:
    return _FAST if _FAST.is_dir() else None
