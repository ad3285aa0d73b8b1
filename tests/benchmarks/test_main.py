"""The benchmarks run, and say of each workload what it cost."""

from __future__ import annotations

import subprocess
import sys

SMALL = (
    *("--phones", "2", "--records", "3", "--down", "2", "--rows", "20"),
    *("--polls", "2", "--fleet", "1,12", "--stored", "50"),
    *("--entries", "3", "--logged", "50"),
)


def test_a_tiny_run_measures_every_workload() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *SMALL],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    _, *lines = done.stdout.splitlines()
    costs = {line[:44].strip(): float(line[44:].split()[0]) for line in lines}
    assert [title.split(",")[0] for title in costs] == [
        "yardstick: SQLite insert of one lead",
        "yardstick: marshmallow",
        "W1 2 x 3 up",
        "W2 first sync of 64",
        "W4 idle poll",
        "W7 1 phones",
        "W7 12 phones",
        "W7 50 rows stored",
        "W9 approval of 3 entries",
        "erasure",
        "erasure",
    ]
    assert all(cost > 0 for cost in costs.values()), costs
