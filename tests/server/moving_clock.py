"""A clock that a test moves by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass
class MovingClock:
    """Tells one time until it is moved; a little passes with each look."""

    at: dt.datetime

    def now(self) -> dt.datetime:
        self.at += dt.timedelta(milliseconds=1)
        return self.at

    def elapsed_s(self) -> float:
        return self.at.timestamp()

    def move(self, **by: float) -> None:
        self.at += dt.timedelta(**by)
