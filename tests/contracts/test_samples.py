"""What phones in the field send and hold is understood for ever."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.wire.envelope import op_digest
from shared.wire.mutations import MUTATIONS, load_args, mutation_named
from shared.wire.rows import TABLES, decode_row, encode

SAMPLES = Path(__file__).with_name("samples")
MUTATION_SAMPLES = sorted(path.stem for path in (SAMPLES / "mutations").glob("*.json"))
ROW_SAMPLES = sorted(path.stem for path in (SAMPLES / "rows").glob("*.json"))


def read(folder: str, name: str) -> dict[str, Any]:
    """Return a frozen sample."""
    sample: dict[str, Any] = json.loads((SAMPLES / folder / f"{name}.json").read_text("utf-8"))
    return sample


@pytest.mark.parametrize("name", MUTATION_SAMPLES)
def test_frozen_operation_is_still_taken(name: str) -> None:
    op = read("mutations", name)["op"]

    args = load_args(mutation_named(op["name"], op["v"]), op["args"])

    # Fields that were added since have their defaults; none of the frozen ones changed.
    assert op["args"].items() <= encode(args).items()


@pytest.mark.parametrize("name", MUTATION_SAMPLES)
def test_frozen_operation_keeps_its_digest(name: str) -> None:
    sample = read("mutations", name)

    assert op_digest(sample["op"]) == sample["digest"]


@pytest.mark.parametrize("name", ROW_SAMPLES)
def test_frozen_row_is_still_read(name: str) -> None:
    sample = read("rows", name)

    assert sample.items() <= encode(decode_row(name, sample)).items()


def test_every_mutation_has_a_frozen_sample_of_its_version() -> None:
    wanted = {f"{name}.{mutation.version}" for name, mutation in MUTATIONS.items()}

    assert wanted <= set(MUTATION_SAMPLES), "run: python -m tests.contracts.freeze"


def test_every_table_has_a_frozen_sample() -> None:
    assert set(TABLES) <= set(ROW_SAMPLES), "run: python -m tests.contracts.freeze"
