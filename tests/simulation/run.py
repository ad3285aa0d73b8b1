"""Running many seeds: in two processes, with the rate; one again, line by line; some twice."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.simulation.invariants import Violation
from tests.simulation.planted import BUGS, planted
from tests.simulation.world import live_through, prepare

__all__ = ["Outcome", "find_bugs", "print_trace", "run_seeds", "run_twice", "trace_hash"]

Job = TypeVar("Job")
Done = TypeVar("Done")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a seed ended: the hash of its trace, and what did not hold."""

    seed: int
    digest: str
    violation: str = ""
    invariant: str = ""


def outcome_of(seed: int, steps: int) -> Outcome:
    """Run one seed."""
    try:
        return Outcome(seed, live_through(seed, steps).digest)
    except Violation as violation:
        return Outcome(seed, violation.trace.digest, str(violation), violation.invariant)


def run_seeds(first: int, count: int, steps: int, *, workers: int, say: Say) -> int:
    """Run seeds; say what does not hold, and the rate. Return how many seeds failed."""
    started_s = time.perf_counter()
    failed = done = 0
    jobs = [(seed, steps) for seed in range(first, first + count)]
    for outcome in _each(_outcome, jobs, workers):
        done += 1
        if outcome.violation:
            failed += 1
            say(f"seed {outcome.seed}: {outcome.violation}")
            say(f"  python -m tests.simulation replay {outcome.seed} --steps {steps}")
        if done % 100 == 0:
            say(f"{done} of {count} seeds, {_rate(done, started_s)}, {failed} failed")
    say(f"{done} seeds of {steps} steps, {_rate(done, started_s)}, {failed} with a violation")
    return failed


def print_trace(seed: int, steps: int, *, say: Say) -> bool:
    """Run a seed and say all that happens; tell whether all held."""
    try:
        trace, fault = live_through(seed, steps), ""
    except Violation as violation:
        trace, fault = violation.trace, str(violation)
    for line in trace.lines:
        say(line)
    say(f"trace {trace.digest}")
    if fault:
        say(f"VIOLATION {fault}")
    return not fault


def trace_hash(seed: int, steps: int) -> str:
    """Return the hash of a seed's trace."""
    return outcome_of(seed, steps).digest


def run_twice(first: int, count: int, steps: int, *, workers: int, say: Say) -> int:
    """Run seeds in processes with different hash seeds; return how many differ."""
    seeds = range(first, first + count)
    per_worker = [seeds[start::workers] for start in range(workers)]
    traces = []
    for hash_seed in ("1", "29"):
        running = [_hashing(some, steps, hash_seed) for some in per_worker if some]
        hashes: dict[str, str] = {}
        for process in running:
            out, _ = process.communicate()
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, process.args)
            hashes |= dict(line.split() for line in out.splitlines())
        traces.append(hashes)
    differing = [seed for seed in map(str, seeds) if traces[0][seed] != traces[1][seed]]
    for seed in differing:
        say(f"seed {seed}: {traces[0][seed][:16]} and {traces[1][seed][:16]}")
    say(f"{count} seeds twice, under two hash seeds: {len(differing)} differ")
    return len(differing)


def find_bugs(names: Sequence[str], most: int, steps: int, *, workers: int, say: Say) -> int:
    """Plant each bug, and say at which seed it is found; return how many are not."""
    missed = 0
    width = max(len(name) for name in names)
    for name, outcome in _each(_hunt, [(name, most, steps) for name in names], workers):
        if outcome is None:
            missed += 1
            say(f"{name:<{width}}  MISSED in {most} seeds")
        else:
            say(f"{name:<{width}}  seed {outcome.seed:>2}  {outcome.invariant}")
    say(f"{len(names) - missed} of {len(names)} planted bugs found within {most} seeds")
    return missed


def _outcome(job: tuple[int, int]) -> Outcome:
    try:
        return outcome_of(*job)
    except Exception as error:  # noqa: BLE001 - the other seeds are to be run all the same.
        return Outcome(job[0], "", f"the simulation itself broke: {error!r}")


def _hunt(job: tuple[str, int, int]) -> tuple[str, Outcome | None]:
    name, most, steps = job
    prepare()
    with planted(BUGS[name]):
        for seed in range(most):
            outcome = outcome_of(seed, steps)
            if outcome.violation:
                return name, outcome
    return name, None


def _each(run: Callable[[Job], Done], jobs: Sequence[Job], workers: int) -> Iterator[Done]:
    if workers == 1:
        yield from map(run, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers) as pool:
        yield from pool.imap_unordered(run, jobs, chunksize=1)


def _hashing(seeds: Iterable[int], steps: int, hash_seed: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.simulation", "hashes", "--steps", str(steps)]
    return subprocess.Popen(
        [*command, *map(str, seeds)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE,
        text=True,
    )


def _rate(done: int, started_s: float) -> str:
    seconds = time.perf_counter() - started_s
    return f"{done / seconds * 60:.0f} a minute"
