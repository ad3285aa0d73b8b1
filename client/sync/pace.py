"""How much one request carries: all that fits on a good link, less and less on one that breaks."""

from __future__ import annotations

__all__ = ["Pace"]

_PARTS_MAX = 16
_LIVELY_S = 2
_QUICK_S = 5
_SLOW_S = 20
_PATIENCE_S = 45
_SLOWEST_BYTES_PER_S = 500


class Pace:
    """What the last requests say about the link.

    A link that cuts off a long answer cuts off the same one for ever, so that only less of it at a
    time comes through; and on a good one each request too many costs the time of a round trip.
    """

    def __init__(self) -> None:
        """Begin with whole requests: an evening's leads are a few kilobytes."""
        self._parts = 1
        self._is_quick = False

    def share(self, whole: int) -> int:
        """Return how much of what a good link carries at once this one is given."""
        return max(1, whole // self._parts)

    @property
    def is_good(self) -> bool:
        """Whether the link carries whole requests, and quickly."""
        return self._parts == 1 and self._is_quick

    @staticmethod
    def timeout_s(bytes_up: int, bytes_down: int) -> float:
        """Return how long to wait for an answer: longer, the more there is to carry."""
        return _PATIENCE_S + (bytes_up + bytes_down) / _SLOWEST_BYTES_PER_S

    def came(self, elapsed_s: float) -> None:
        """Note that an answer came after so long."""
        self._is_quick = elapsed_s <= _LIVELY_S
        if elapsed_s <= _QUICK_S:
            self._parts = max(1, self._parts // 2)
        elif elapsed_s > _SLOW_S:
            self._parts = min(_PARTS_MAX, self._parts * 2)

    def failed(self) -> None:
        """Note that none came."""
        self._is_quick = False
        self._parts = min(_PARTS_MAX, self._parts * 2)
