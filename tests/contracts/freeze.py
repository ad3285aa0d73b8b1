"""Freeze a sample of each mutation and row that has none: ``python -m tests.contracts.freeze``.

What is frozen stays: a released phone sends and holds exactly that. A sample is never rewritten;
a new version of a mutation gets a sample beside the old one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared.wire.envelope import op_digest
from shared.wire.mutations import MUTATIONS
from shared.wire.rows import TABLES, encode
from tests.contracts.full_values import full

SAMPLES = Path(__file__).with_name("samples")


def sample_op(name: str) -> dict[str, Any]:
    """Return an operation of the mutation's current version, with every argument given."""
    mutation = MUTATIONS[name]
    clock = {"wall": 1795420800000, "mono": 60000, "boot": "b1"}
    return {
        "seq": 1,
        "name": name,
        "v": mutation.version,
        "args": encode(full(mutation.args)),
        "base": {"0000000000001": 3},
        "by": "0000000000002",
        "clock": clock | {"anchor": {"server": 1795420790000, "mono": 50000, "boot": "b1"}},
    }


def freeze() -> list[Path]:
    """Write the samples that are missing; return their paths."""
    wanted: dict[Path, dict[str, Any]] = {}
    for name, mutation in MUTATIONS.items():
        op = sample_op(name)
        sample = {"op": op, "digest": op_digest(op)}
        wanted[SAMPLES / "mutations" / f"{name}.{mutation.version}.json"] = sample
    for name, table in TABLES.items():
        wanted[SAMPLES / "rows" / f"{name}.json"] = encode(full(table))
    written = []
    for path, sample in wanted.items():
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(sample, ensure_ascii=False, indent=1, sort_keys=True)
            path.write_text(f"{text}\n", encoding="utf-8")
            written.append(path)
    return written


if __name__ == "__main__":
    for path in freeze():
        print(path.relative_to(SAMPLES))  # noqa: T201 - a command speaks on its output
