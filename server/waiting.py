"""Requests that wait for news (long polls): few at a time, so that they can't starve the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["WAIT_S_MAX", "WaitingRoom"]

WAIT_S_MAX = 25
"""Proxies and phones give up after thirty."""
LOOKS_EVERY_S = 1.0


@dataclass(slots=True)
class WaitingRoom:
    """The places for waiting requests of one process.

    Attributes:
        seats: How many may wait; whoever finds none free is answered at once.
        sleep: Passes the time; tests put one in that doesn't take any.
    """

    seats: int = 4
    sleep: Callable[[float], None] = time.sleep
    _taken: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, seconds: int, is_over: Callable[[], bool]) -> None:
        """Return when *is_over*, after *seconds* at most, or at once when all seats are taken.

        *is_over* is asked every second; nothing may be held open between two questions.
        """
        if not self._take_seat():
            return
        try:
            for _ in range(min(seconds, WAIT_S_MAX)):
                if is_over():
                    return
                self.sleep(LOOKS_EVERY_S)
        finally:
            with self._lock:
                self._taken -= 1

    def _take_seat(self) -> bool:
        with self._lock:
            if self._taken >= self.seats:
                return False
            self._taken += 1
            return True
