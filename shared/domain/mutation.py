"""A mutation: one named change, from a postman's tap to a branch head's approval (变更)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.domain.moment import Moment
from shared.domain.people import Actor, Role
from shared.domain.refusals import FORBIDDEN_ACTION, RefusedError
from shared.domain.rows import Row, Rows

__all__ = ["Decide", "Mutation"]


class Decide(Protocol):
    """The heart of a mutation: rows and arguments in, rows to keep out.

    Raises:
        RefusedError: The rules say no.
    """

    def __call__(self, rows: Rows, args: Any, actor: Actor, moment: Moment, /) -> Sequence[Row]:
        """Return the rows that are new or changed, each whole."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A change that devices may ask for.

    Attributes:
        name: verb_noun; never renamed, for phones in the field hold it in their outbox.
        version: Of the arguments; raised together with an upcaster.
        args: The frozen dataclass of the arguments.
        roles: Who may ask at all; `decide` looks at the objects.
        decide: The rule.
        current_only: Refuse when an object of the op's `base` has changed since its author saw
            it: a decision about somebody else's record must be about what they saw.
        county_wide: Its author may name any object of the county, seen or not.
    """

    name: str
    version: int
    args: type
    roles: frozenset[Role]
    decide: Callable[[Rows, Any, Actor, Moment], Sequence[Row]]
    current_only: bool = False
    county_wide: bool = False

    def run(self, rows: Rows, args: object, actor: Actor, moment: Moment) -> Sequence[Row]:
        """Decide, after asking whether the actor's posts may do this at all.

        Raises:
            RefusedError: `forbidden-action`, or what the rule says.
        """
        if not actor.holds(*self.roles):
            raise RefusedError(FORBIDDEN_ACTION, mutation=self.name)
        return self.decide(rows, args, actor, moment)
