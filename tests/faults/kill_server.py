"""Workers and postmaster killed while phones push: nothing lost, nothing twice, nothing half."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from tests.faults.field_phones import Crew
from tests.faults.live_server import LiveServer, Postgres, live_server, running_postgres
from tests.faults.luck import luck
from tests.faults.report import Report, scratch_folder
from tests.faults.whole import faults_of

__all__ = ["database", "kill_server"]

WORKERS = 3
POSTMEN = 4
BETWEEN_S = (0.05, 0.6)
QUIET_S = 90.0


def kill_server(
    *, engine: str, kills: int, postmaster_kills: int = 0, seed: int = 1, defect: str | None = None
) -> Report:
    """Kill a random worker *kills* times, and PostgreSQL's postmaster between some of them."""
    settings = {"engine": engine, "kills": kills, "postmaster kills": postmaster_kills}
    report = Report("kill server", settings | {"seed": seed})
    with (
        scratch_folder() as folder,
        database(engine, folder) as (url, postgres),
        live_server(folder, url, workers=WORKERS, defect=defect) as server,
    ):
        crew = Crew(server.url, server.code_for, seed, POSTMEN)
        crew.enrol()
        crew.start()
        killer = _Killer(server, postgres, luck(seed), report)
        killer.run(kills, postmaster_kills)
        crew.finish(QUIET_S)
        with server.session() as session:
            for fault in faults_of(session, crew.phones):
                report.violate(fault)
        for one in crew.phones:
            report.counts["operations answered"] += len(one.told)
            for why, count in one.unanswered.items():
                report.counts[f"tries that ended in {why}"] += count
    return report


class _Killer:
    def __init__(
        self, server: LiveServer, postgres: Postgres | None, rng: random.Random, report: Report
    ) -> None:
        self._server = server
        self._postgres = postgres
        self._rng = rng
        self._report = report

    def run(self, kills: int, postmaster_kills: int) -> None:
        """Kill at random moments; a postmaster's death is spread between the others."""
        marks = {round((n + 1) * kills / (postmaster_kills + 1)) for n in range(postmaster_kills)}
        for number in range(kills):
            if self._postgres is not None and number in marks:
                self._kill_postmaster(self._postgres)
            time.sleep(self._rng.uniform(*BETWEEN_S))
            self._kill_worker()

    def _kill_worker(self) -> None:
        while True:
            workers = self._server.worker_pids()
            if workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._rng.choice(workers), signal.SIGKILL)
                    self._report.counts["worker kills"] += 1
                    return
            time.sleep(0.005)

    def _kill_postmaster(self, postgres: Postgres) -> None:
        time.sleep(self._rng.uniform(*BETWEEN_S))
        postgres.kill()
        postgres.start()
        self._report.counts["postmaster kills"] += 1


@contextlib.contextmanager
def database(engine: str, folder: Path) -> Iterator[tuple[str, Postgres | None]]:
    """Give the URL of an empty database of *engine*, and PostgreSQL itself."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'liandong.sqlite3'}", None
        return
    with running_postgres() as postgres:
        yield postgres.url, postgres
