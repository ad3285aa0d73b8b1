"""Phones and their server killed at random moments: nothing lost, nothing twice, nothing half."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from client.device.native import native_device
from client.engine import Field
from client.status import OutboxState, Phase
from server.models.referral import ReferralModel
from shared.domain.referral import Referral
from tests.client.phone import PIN
from tests.faults.kill_server import database
from tests.faults.live_server import LiveServer, live_server
from tests.faults.luck import luck
from tests.faults.phone_process import run_phone
from tests.faults.processes import forkserver
from tests.faults.report import Report, scratch_folder
from tests.faults.whole import faults_of
from tests.server.field_county import COLLEAGUE, POSTMAN

__all__ = ["kill_clients"]

PHONES = 2
AT_WORK = 0.8
LINES_MAX = 40
"""A phone that dies at work has said up to so many things, such as "saved"."""
LIVES_S = (0.0, 0.03)
"""How long a phone lives after that, or after its process began."""
SPEAKS_WITHIN_S = 60.0
HEALED_WITHIN_S = 120.0


@dataclass
class _Phone:
    """One phone's folder, and what its screen has said in all its lives."""

    folder: Path
    code: str
    saving: set[str] = field(default_factory=set)
    saved: set[str] = field(default_factory=set)
    runs: int = 0

    def hear(self, line: bytes) -> None:
        what, _, row_id = line.decode().partition(" ")
        if row_id:
            (self.saved if what == "saved" else self.saving).add(row_id)


def kill_clients(
    *, kills: int, server_kills: int = 20, seed: int = 1, defect: str | None = None
) -> Report:
    """Kill phones *kills* times, and meanwhile the whole server *server_kills* times."""
    report = Report("kill client", {"kills": kills, "server kills": server_kills, "seed": seed})
    with (
        scratch_folder() as folder,
        database("sqlite", folder) as (url, _),
        live_server(folder / "server", url, workers=1) as server,
    ):
        phones = [
            _Phone(folder / f"phone-{number}", server.code_for(staff))
            for number, staff in zip(range(PHONES), (POSTMAN, COLLEAGUE), strict=False)
        ]
        with _dying(server, phones, kills, server_kills, report):
            _kill_phones(server, phones, kills, luck(seed), defect, report)
        logging.disable(logging.CRITICAL)
        try:
            for phone in phones:
                with report.trying(f"{phone.folder.name} after {phone.runs} kills"):
                    asyncio.run(_heal(phone, server.url, report))
        finally:
            logging.disable(logging.NOTSET)
        _count(server, phones, report)
    return report


def _kill_phones(  # noqa: PLR0913, PLR0917
    server: LiveServer,
    phones: list[_Phone],
    kills: int,
    rng: random.Random,
    defect: str | None,
    report: Report,
) -> None:
    def guarded(phone: _Phone, times: int, seed: int) -> None:
        with report.trying(f"{phone.folder.name}, run {phone.runs}"):
            kill_one(phone, times, seed)

    def kill_one(phone: _Phone, times: int, seed: int) -> None:
        own = luck(seed)
        for _ in range(times):
            _run_and_kill(server, phone, own, defect)
            report.counts["client kills"] += 1

    threads = [
        threading.Thread(
            target=guarded,
            args=(phone, kills // PHONES + (number < kills % PHONES), rng.randrange(2**32)),
        )
        for number, phone in enumerate(phones)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _run_and_kill(
    server: LiveServer,
    phone: _Phone,
    rng: random.Random,
    defect: str | None,
) -> None:
    context = forkserver()
    reading, writing = context.Pipe(duplex=False)
    arguments = (str(phone.folder), server.url, phone.code, writing, rng.randrange(2**32), defect)
    process = context.Process(target=run_phone, args=arguments, daemon=True)
    process.start()
    writing.close()
    # Most die at work; some while they begin, but none before its person ever saw it open.
    with reading, contextlib.suppress(EOFError):
        if phone.runs == 0 or rng.random() < AT_WORK:
            for _ in range(1 + rng.randrange(LINES_MAX)):
                assert reading.poll(SPEAKS_WITHIN_S), "the phone does not go on"
                phone.hear(reading.recv_bytes())
        time.sleep(rng.uniform(*LIVES_S))
        process.kill()
        process.join()
        phone.runs += 1
        while True:
            phone.hear(reading.recv_bytes())


@contextlib.contextmanager
def _dying(
    server: LiveServer, phones: list[_Phone], kills: int, server_kills: int, report: Report
) -> Iterator[None]:
    """Kill and start the server whenever a share of the phones' deaths is reached."""
    is_over = threading.Event()

    def run() -> None:
        for number in range(server_kills):
            mark = (number + 0.5) * kills / server_kills
            while sum(phone.runs for phone in phones) < mark and not is_over.is_set():
                time.sleep(0.005)
            server.kill()
            report.counts["server kills"] += 1
            server.start()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


async def _heal(phone: _Phone, url: str, report: Report) -> None:
    """Start the phone a last time, let it sync, and hold it to what its screen has said."""
    device = native_device(phone.folder, url, pbkdf2_iterations=1)
    field = Field(device)
    await field.load()
    await field.unlock(PIN)
    deadline = time.perf_counter() + HEALED_WITHIN_S
    while (status := await field.sync_now()).phase is not Phase.IDLE or status.waiting:
        assert time.perf_counter() < deadline, f"{status.waiting} wait, {status.phase}"
        await asyncio.sleep(0.05)
    assert status.damaged == 0, f"{status.damaged} records are damaged"
    items = field.outbox()
    states = {item.state for item in items}
    assert states <= {OutboxState.OK}, f"refused or open: {states}"
    here = {row.id for row in field.world.where(Referral)}
    assert phone.saved <= here, f"{len(phone.saved - here)} saved are not on the phone"
    report.counts["operations"] += len(items)
    await field.stop()
    device.journal.close()  # type: ignore[attr-defined]
    device.http.close()  # type: ignore[attr-defined]


def _count(server: LiveServer, phones: list[_Phone], report: Report) -> None:
    saved = {row_id for phone in phones for row_id in phone.saved}
    saving = {row_id for phone in phones for row_id in phone.saving}
    report.counts["said to be saved"] = len(saved)
    with server.session() as session:
        kept = [row.id for row in session.query(ReferralModel)]
        for fault in faults_of(session):
            report.violate(fault)
    report.counts["on the server"] = len(kept)
    report.counts["killed while saving, kept"] = len(set(kept) - saved)
    for row_id in sorted(saved - set(kept)):
        report.violate(f"LOST: {row_id} was called saved and is not on the server")
    for row_id in sorted(set(kept) - saving):
        report.violate(f"{row_id} is on the server, and no phone recorded it")
