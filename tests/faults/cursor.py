"""Writers at once, a reader that pages: is every row that was committed delivered?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from shared.domain.people import Staff
from tests.faults.field_phones import StubbornPhone, submitted
from tests.faults.kill_server import database
from tests.faults.live_server import LiveServer, live_server
from tests.faults.luck import luck
from tests.faults.report import Report, scratch_folder
from tests.faults.whole import faults_of
from tests.server.field_county import COLLEAGUE, HEAD, POSTMAN
from tests.server.phone import Phone

__all__ = ["watch_cursor"]

WORKERS = 4
READERS = 2
PAGE_BYTES = 8_000
QUIET_S = 60.0


def watch_cursor(*, seconds: int, writers: int, seed: int = 1, defect: str | None = None) -> Report:
    """Let phones write on PostgreSQL at the same time, and others read on meanwhile."""
    report = Report("cursor", {"seconds": seconds, "writers": writers, "seed": seed})
    with (
        scratch_folder() as folder,
        database("postgresql", folder) as (url, _),
        live_server(folder / "server", url, workers=WORKERS, defect=defect) as server,
    ):
        _Watch(server, writers, seed, report).run(seconds)
    return report


class _Watch:
    def __init__(self, server: LiveServer, writers: int, seed: int, report: Report) -> None:
        self._server = server
        self._report = report
        self._stop = threading.Event()
        people = (POSTMAN, COLLEAGUE)
        self._writers = [
            StubbornPhone(self._phone(people[n % 2]), luck(seed, n)) for n in range(writers)
        ]
        self._readers = [self._phone(HEAD) for _ in range(READERS)]
        self._failures: list[str] = []

    def _phone(self, staff: Staff) -> Phone:
        code = self._server.code_for(staff)
        return Phone(self._server.url, code, label="phone").enrol()

    def run(self, seconds: float) -> None:
        """Write and read for *seconds*, then compare the readers with a newcomer."""
        for reader in self._readers:
            self._pull(reader)  # Who is far behind sees no commit overtake another.
        threads = [
            threading.Thread(target=self._guarded, args=(self._write, one)) for one in self._writers
        ]
        threads += [
            threading.Thread(target=self._guarded, args=(self._read, r)) for r in self._readers
        ]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self._stop.set()
        for thread in threads:
            thread.join()
        for failure in self._failures:
            self._report.violate(failure)
        newcomer = self._phone(HEAD)
        self._pull(newcomer)
        for number, reader in enumerate(self._readers):
            self._pull(reader)
            self._compare(number, reader, newcomer)
        with self._server.session() as session:
            for fault in faults_of(session, self._writers):
                self._report.violate(fault)

    def _guarded(self, work: Callable[[Any], None], one: object) -> None:
        try:
            while not self._stop.is_set():
                work(one)
        except Exception as error:  # noqa: BLE001 - a thread's failure must not go unseen
            self._failures.append(f"{type(error).__name__}: {error}")

    def _write(self, one: StubbornPhone) -> None:
        one.phone.record("submit_referral", submitted(one.phone, one.rng))
        one.sync(time.perf_counter() + QUIET_S)
        self._report.counts["operations"] += 1

    def _read(self, reader: Phone) -> None:
        reader._apply(self._answer(reader))
        self._report.counts["pages while they wrote"] += 1

    def _pull(self, reader: Phone) -> None:
        while True:
            answer = self._answer(reader)
            reader._apply(answer)
            if not answer["more"]:
                return

    @staticmethod
    def _answer(reader: Phone) -> dict[str, Any]:
        status, answer = reader.send_sync([], limit=PAGE_BYTES)
        assert status == 200, (status, answer)
        return answer

    def _compare(self, number: int, reader: Phone, newcomer: Phone) -> None:
        undelivered = [key for key, held in newcomer.rows.items() if reader.rows.get(key) != held]
        left_over = reader.rows.keys() - newcomer.rows.keys()
        self._report.counts["rows to deliver"] = len(newcomer.rows)
        self._report.counts["rows undelivered"] += len(undelivered)
        if undelivered or left_over:
            self._report.violate(
                f"reader {number}: {len(undelivered)} rows undelivered, {len(left_over)} too many"
            )
