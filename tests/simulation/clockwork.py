"""Time that passes only when nobody has anything left to do; and clocks that may be wrong."""

from __future__ import annotations

import asyncio
import datetime as dt
import selectors
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["PhoneClock", "ServerClock", "StandstillError", "VirtualLoop"]


class StandstillError(AssertionError):
    """Everybody waits for something that nobody will do."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to whatever is due next."""

    def __init__(self) -> None:
        self._passed_s = 0.0
        super().__init__(_Jumping(self._jump))
        # Coarser than what a float can still tell apart after a year.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._passed_s

    def _jump(self, seconds: float) -> None:
        self._passed_s += seconds


class _Jumping(selectors.SelectSelector):
    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        if timeout is None:
            raise StandstillError
        if timeout > 0:
            self._jump(timeout)
        return []


@dataclass
class ServerClock:
    """The true time, as the server reads it."""

    now_ms: Callable[[], int]

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.now_ms() / 1000, dt.UTC)

    def elapsed_s(self) -> float:
        return self.now_ms() / 1000


class PhoneClock:
    """A phone's clocks: the wall one may be wrong, the monotonic one begins at each boot."""

    def __init__(self, now_ms: Callable[[], int], name: str, booted_ms: int) -> None:
        self.now_ms = now_ms
        self.skew_ms = 0
        self._name = name
        self._boots = 1
        self._booted_ms = booted_ms

    def wall_ms(self) -> int:
        return max(0, self.now_ms() + self.skew_ms)

    def monotonic_ms(self) -> int:
        return self.now_ms() - self._booted_ms

    def boot(self) -> str:
        return f"{self._name}-boot-{self._boots}"

    def reboot(self) -> None:
        self._boots += 1
        self._booted_ms = self.now_ms() - 1000
