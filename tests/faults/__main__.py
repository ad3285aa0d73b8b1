"""Faults, one after the other, and what became of what was called saved.

    python -m tests.faults power-cut --images 25000
    python -m tests.faults damage --stores 3000
    python -m tests.faults disk-full --sizes 200
    python -m tests.faults kill-client --kills 500 --server-kills 20
    python -m tests.faults kill-server --engine postgresql --kills 1000 --postmaster-kills 50
    python -m tests.faults browser-kill --kills 50
    python -m tests.faults cursor --seconds 60 --writers 6

Each prints a table, and ends with 1 when a promise was broken. See docs/faults.md.
"""

from __future__ import annotations

import argparse
import sys

from tests.faults.browser_kill import kill_browser
from tests.faults.cursor import watch_cursor
from tests.faults.damage import damage_stores
from tests.faults.disk_full import fill_disk
from tests.faults.kill_client import kill_clients
from tests.faults.kill_server import kill_server
from tests.faults.power_cut import cut_power
from tests.faults.report import Report


def main(arguments: list[str]) -> int:
    """Run the harness that *arguments* name."""
    asked = _parser().parse_args(arguments)
    values = vars(asked)
    run = values.pop("run")
    report: Report = run(**values)
    sys.stdout.write(f"{report.text()}\n")
    return 1 if report.violations else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    kinds = parser.add_subparsers(required=True, metavar="HARNESS")
    for name, run, sizes in (
        ("power-cut", cut_power, {"images": 25_000, "variants": 24}),
        ("damage", damage_stores, {"stores": 3_000}),
        ("disk-full", fill_disk, {"sizes": 200}),
        ("kill-client", kill_clients, {"kills": 500, "server-kills": 20}),
        ("kill-server", kill_server, {"kills": 1_000, "postmaster-kills": 0}),
        ("browser-kill", kill_browser, {"kills": 50}),
        ("cursor", watch_cursor, {"seconds": 60, "writers": 6}),
    ):
        one = kinds.add_parser(name, help=run.__doc__)
        one.set_defaults(run=run)
        for option, size in (sizes | {"seed": 1}).items():
            one.add_argument(f"--{option}", type=int, default=size, help=f"{size} unless given")
        if name == "kill-server":
            one.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
