"""What somebody's posts let them record: what is not theirs to do is not offered."""

from __future__ import annotations

from shared.domain.people import Actor
from shared.wire.mutations import MUTATIONS

__all__ = ["may"]


def may(actor: Actor, mutation: str) -> bool:
    """Tell whether the rules know any post of *actor* for that mutation."""
    return actor.holds(*MUTATIONS[mutation].roles)
