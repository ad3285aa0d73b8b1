"""The server's only clock; everything else is told the time."""

from __future__ import annotations

import datetime as dt
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """What tells the time; tests put one in that they move by hand."""

    def now(self) -> dt.datetime:
        """Return the time in UTC, to the millisecond: what the wire and both databases keep."""
        ...

    def elapsed_s(self) -> float:
        """Return seconds since some instant, for measuring; they never go back."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """Return the time in UTC, to the millisecond."""
        now = dt.datetime.now(dt.UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def elapsed_s(self) -> float:
        """Return seconds since some instant."""
        return time.perf_counter()
