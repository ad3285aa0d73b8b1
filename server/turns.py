"""Turns: who writes next, where the database's own lock goes to anybody.

SQLite lets those who wait for its lock sleep and try again: whoever wakes at the right moment has
it, and somebody else has slept for nothing until the wait is over. So the threads of a process line
up before that lock; only the first in the line tries for it, against those of other processes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["TurnMissedError", "Turns"]


class TurnMissedError(Exception):
    """Too many others were before this one."""


class Turns:
    """A line of threads: one at a time, whoever came first."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._lock = threading.Lock()
        self._is_taken = False
        self._line: deque[threading.Lock] = deque()

    def __len__(self) -> int:
        """Count those who wait."""
        return len(self._line)

    @contextmanager
    def turn(self, wait_s: float) -> Iterator[None]:
        """Hold the turn, once all who came before have had theirs.

        Raises:
            TurnMissedError: It did not come within *wait_s*.
        """
        if not self._take(wait_s):
            raise TurnMissedError
        try:
            yield
        finally:
            self._pass_on()

    def _take(self, wait_s: float) -> bool:
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._line.append(mine)
        if mine.acquire(timeout=wait_s):
            return True
        with self._lock:
            if mine not in self._line:
                return True  # It came between the end of the wait and here.
            self._line.remove(mine)
            return False

    def _pass_on(self) -> None:
        with self._lock:
            if self._line:
                self._line.popleft().release()
            else:
                self._is_taken = False
