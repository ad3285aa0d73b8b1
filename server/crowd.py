"""Turning requests away when the queue has grown longer than phones wait.

At the evening peak everybody comes back into coverage at once. A request that is answered after its
phone has given up was work for nothing, and comes again; told early to come back later, it costs
next to nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask, Response, g, request

from server.clock import Clock
from server.problems import ProblemError

__all__ = ["QUEUED_S_MAX", "Crowd", "watch_crowd"]

QUEUED_S_MAX = 20.0
"""Phones wait 45 seconds at least; the answer itself has to travel, too."""

_NEWEST_WEIGHS = 0.1  # Of the last ten requests or so.
_ALWAYS_ANSWERED = frozenset({"health.get_healthz", "health.get_readyz"})


class Crowd:
    """How many requests wait in this process for a thread, and so for how long.

    Attributes:
        threads: How many requests are worked on at once.
        queued: Counts those that wait; whoever runs the server puts it in.
    """

    def __init__(self) -> None:
        """Begin with an empty server."""
        self.threads = 1
        self.queued: Callable[[], int] = lambda: 0
        self._mean_s = 0.0
        self._lock = threading.Lock()

    @property
    def queued_s(self) -> float:
        """About how long the last in the queue will have waited."""
        return self.queued() * self._mean_s / self.threads

    def note(self, elapsed_s: float) -> None:
        """Note how long a request took."""
        with self._lock:
            self._mean_s += (elapsed_s - self._mean_s) * _NEWEST_WEIGHS


def watch_crowd(app: Flask, crowd: Crowd, clock: Clock) -> None:
    """Answer 503 at once while the queue of *app* is too long."""

    def turn_away() -> None:
        if request.endpoint not in _ALWAYS_ANSWERED and crowd.queued_s > QUEUED_S_MAX:
            g.is_no_measure = True
            raise ProblemError("busy")
        g.worked_since_s = clock.elapsed_s()

    def note(response: Response) -> Response:
        if not g.get("is_no_measure", False) and "worked_since_s" in g:
            crowd.note(clock.elapsed_s() - g.worked_since_s)
        return response

    app.before_request(turn_away)
    app.after_request(note)
