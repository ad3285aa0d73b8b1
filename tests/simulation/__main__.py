"""The simulation's command line; docs/simulation.md says what it does."""

from __future__ import annotations

import sys

import click

from tests.simulation.planted import BUGS
from tests.simulation.run import find_bugs, print_trace, run_seeds, run_twice, trace_hash

_steps = click.option("--steps", default=200, show_default=True, help="Steps of each seed.")
_first = click.option("--first", default=0, show_default=True, help="The first seed.")
_workers = click.option("--workers", default=2, show_default=True, help="Processes.")


@click.group()
def main() -> None:
    """Simulate phones, a network and a server that fail."""


@main.command()
@click.option("--seeds", default=100, show_default=True, help="How many.")
@_steps
@_first
@_workers
def run(seeds: int, steps: int, first: int, workers: int) -> None:
    """Run seeds and check that everything holds."""
    sys.exit(run_seeds(first, seeds, steps, workers=workers, say=click.echo) > 0)


@main.command()
@click.argument("seed", type=int)
@_steps
def replay(seed: int, steps: int) -> None:
    """Run one seed again, and print what happens."""
    sys.exit(not print_trace(seed, steps, say=click.echo))


@main.command()
@click.option("--seeds", default=100, show_default=True, help="How many.")
@_steps
@_first
@_workers
def determinism(seeds: int, steps: int, first: int, workers: int) -> None:
    """Run each seed twice, and compare the traces."""
    sys.exit(run_twice(first, seeds, steps, workers=workers, say=click.echo) > 0)


@main.command()
@click.option("--max", "most", default=50, show_default=True, help="Seeds for each bug.")
@click.option("--bug", "names", multiple=True, type=click.Choice(sorted(BUGS)), help="Only this.")
@_steps
@_workers
def bugs(most: int, names: tuple[str, ...], steps: int, workers: int) -> None:
    """Plant bugs one by one, and see that each is found."""
    chosen = names or tuple(BUGS)
    sys.exit(find_bugs(chosen, most, steps, workers=workers, say=click.echo) > 0)


@main.command(hidden=True)
@click.argument("seeds", type=int, nargs=-1)
@_steps
def hashes(seeds: tuple[int, ...], steps: int) -> None:
    """Print the hash of each seed's trace."""
    for seed in seeds:
        click.echo(f"{seed} {trace_hash(seed, steps)}")


if __name__ == "__main__":
    main()
