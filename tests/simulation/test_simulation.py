"""A little of the simulation in every test run; docs/simulation.md tells how to run all of it."""

from __future__ import annotations

import pytest

from tests.simulation.planted import BUGS
from tests.simulation.run import find_bugs, run_seeds, run_twice

SEEDS = 6
STEPS = 60
BUGS_LOOKED_FOR = (
    "sent-counts-as-answered",
    "stored-result-not-returned",
    "revision-not-raised",
    "refusal-dams-queue",
)


def test_everything_holds_in_some_seeds() -> None:
    said: list[str] = []
    assert run_seeds(0, SEEDS, STEPS, workers=1, say=said.append) == 0, "\n".join(said)


def test_seed_gives_the_same_trace_again() -> None:
    said: list[str] = []
    assert run_twice(0, 2, 40, workers=1, say=said.append) == 0, "\n".join(said)


def test_planted_bugs_are_found() -> None:
    said: list[str] = []
    assert find_bugs(BUGS_LOOKED_FOR, 50, STEPS, workers=1, say=said.append) == 0, "\n".join(said)


def test_there_are_enough_planted_bugs() -> None:
    assert len(BUGS) >= 25


@pytest.mark.parametrize("name", BUGS)
def test_bug_fits_the_code(name: str) -> None:
    """Each patches something that is there: nothing was renamed under it."""
    with pytest.MonkeyPatch.context() as patch:
        BUGS[name](patch)
        assert patch._setattr or patch._setitem
