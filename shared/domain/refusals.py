"""Why a rule said no. Each refusal has a slug of the problem catalogue and facts for its text."""

from __future__ import annotations

__all__ = [
    "COLLEAGUE_UNAVAILABLE",
    "CUSTOMER_ERASED",
    "FORBIDDEN_ACTION",
    "ILLEGAL_TRANSITION",
    "INVALID_ARGUMENT",
    "MISSING_OBJECT",
    "OUT_OF_SCOPE",
    "STALE_OBJECT",
    "RefusedError",
]

COLLEAGUE_UNAVAILABLE = "colleague-unavailable"
INVALID_ARGUMENT = "invalid-argument"
ILLEGAL_TRANSITION = "illegal-transition"
FORBIDDEN_ACTION = "forbidden-action"
OUT_OF_SCOPE = "out-of-scope"
MISSING_OBJECT = "missing-object"
STALE_OBJECT = "stale-object"
CUSTOMER_ERASED = "customer-erased"


class RefusedError(Exception):
    """A rule refused an action.

    Attributes:
        slug: The entry of `shared.wire.problems` that says it in every language.
        facts: What the text needs: states, limits, names of fields; never personal data.
    """

    def __init__(self, slug: str, /, **facts: str | int) -> None:
        """Refuse for the reason *slug*."""
        super().__init__(slug, facts)
        self.slug = slug
        self.facts = facts
