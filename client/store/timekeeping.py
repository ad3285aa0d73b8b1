"""What time it probably is: the phone's clocks, corrected by the server's last word."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
from collections.abc import Mapping
from typing import Any

from client.device import Clock, Settings, SettingsError, StorageFullError
from shared.domain.moment import ClockGrade, Moment, day_at_outlet
from shared.wire.envelope import Anchor, ClockReading
from shared.wire.rows import decode, encode
from shared.wire.schemas import instant_from_ms, load_dataclass

__all__ = ["Timekeeper", "estimate", "moment_of"]

_log = logging.getLogger(__name__)
_NAME = "anchor"
_WALL_MS_MAX = 4_102_444_800_000  # The year 2100: what a broken clock says beyond is no date.


class Timekeeper:
    """Reads the clocks and keeps the anchor that each answer of the server gives."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Keep the anchor in *settings*; call `load` first."""
        self._settings = settings
        self._clock = clock
        self.anchor: Anchor | None = None

    async def load(self) -> None:
        """Read the anchor of an earlier run; a damaged one is as good as none."""
        try:
            content = await self._settings.get(_NAME)
            if content is not None:
                self.anchor = load_dataclass(Anchor, json.loads(content))
        except (SettingsError, ValueError):
            _log.warning("the anchor can't be read")

    async def drop_anchor(self, server_ms: int) -> None:
        """Keep the server's time of an answer that has just arrived."""
        self.anchor = Anchor(
            server=server_ms,
            mono=self._clock.monotonic_ms(),
            boot=self._clock.boot(),
            wall=max(0, self._clock.wall_ms()),
        )
        # Without room it holds until the app is closed: a full phone must still be able to sync.
        with contextlib.suppress(StorageFullError):
            await self._settings.put(_NAME, json.dumps(encode(self.anchor)).encode())

    def reading(self) -> ClockReading:
        """Return what the clocks say, raw, with the anchor."""
        return ClockReading(
            wall=max(0, self._clock.wall_ms()),
            mono=self._clock.monotonic_ms(),
            boot=self._clock.boot(),
            anchor=self.anchor,
        )

    def now(self) -> dt.datetime:
        """Return the best guess of now, in UTC."""
        return estimate(self.reading())

    def today(self) -> dt.date:
        """Return the date in Asia/Shanghai."""
        return day_at_outlet(self.now())

    def last_contact_at(self) -> dt.datetime | None:
        """Return the server's time at its last answer."""
        return None if self.anchor is None else instant_from_ms(self.anchor.server)


def estimate(reading: ClockReading) -> dt.datetime:
    """Return the best guess of the time of *reading*; the server grades the raw clocks itself.

    In the boot of the anchor the monotonic clock counts from the server's time. Else the wall
    clock is all there is, but it can't be earlier than the last contact.
    """
    anchor = reading.anchor
    wall = min(reading.wall, _WALL_MS_MAX)
    if anchor is None:
        return instant_from_ms(wall)
    if anchor.boot == reading.boot and reading.mono >= anchor.mono:
        return instant_from_ms(anchor.server + reading.mono - anchor.mono)
    return instant_from_ms(max(wall, anchor.server))


def moment_of(op: Mapping[str, Any]) -> Moment:
    """Return the provisional moment of an op; the server decides on the true one."""
    return Moment.at(estimate(decode(ClockReading, op["clock"])), ClockGrade.C)
