"""How arguments of old versions become those of today: phones keep old ones for months.

The server runs what was sent so, the phone shows what waits so; nobody changes what was journalled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.canonical import Json
from shared.domain.mutation import Mutation

__all__ = ["UPCASTERS", "upcast"]

Args = Mapping[str, Json]

UPCASTERS: dict[tuple[str, int], Callable[[Args], Args]] = {}
"""By name and version, how the arguments become those of the next version; append-only."""


def upcast(mutation: Mutation, version: int, args: Args) -> Args:
    """Return *args* as the present version of *mutation* has them."""
    for step in range(version, mutation.version):
        args = UPCASTERS[mutation.name, step](args)
    return args
