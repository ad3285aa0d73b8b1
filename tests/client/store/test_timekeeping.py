from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from client.device.native import FileSettings
from client.store.timekeeping import Timekeeper, estimate
from shared.wire.envelope import Anchor, ClockReading
from tests.client.phone import TurnableClock

ANCHOR = Anchor(server=1_000_000, mono=500, boot="a")


def at(milliseconds: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (ClockReading(wall=7, mono=9, boot="a"), 7),
        (ClockReading(wall=7, mono=800, boot="a", anchor=ANCHOR), 1_000_300),
        (ClockReading(wall=10**12, mono=800, boot="a", anchor=ANCHOR), 1_000_300),
        (ClockReading(wall=2_000_000, mono=9, boot="b", anchor=ANCHOR), 2_000_000),
        (ClockReading(wall=0, mono=9, boot="b", anchor=ANCHOR), 1_000_000),
        (ClockReading(wall=0, mono=400, boot="a", anchor=ANCHOR), 1_000_000),
        (ClockReading(wall=2**53 - 1, mono=0, boot="b"), 4_102_444_800_000),
    ],
)
def test_estimate_prefers_the_anchor_and_never_goes_before_it(
    reading: ClockReading, expected: int
) -> None:
    assert estimate(reading) == at(expected)


async def test_anchor_is_kept_over_a_restart(tmp_path: Path) -> None:
    settings, clock = FileSettings(tmp_path), TurnableClock()
    time = Timekeeper(settings, clock)
    await time.load()
    assert (time.anchor, time.last_contact_at()) == (None, None)
    clock.wall = -5
    assert time.reading().wall == 0
    await time.drop_anchor(1_779_000_000_000)
    clock.pass_s(10)
    again = Timekeeper(settings, clock)
    await again.load()
    assert again.now() == at(1_779_000_010_000)
    assert again.last_contact_at() == at(1_779_000_000_000)
    assert again.today() == dt.date(2026, 5, 17)


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"server":-1,"mono":0,"boot":"a"}'])
async def test_unreadable_anchor_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    settings = FileSettings(tmp_path)
    await settings.put("anchor", content)
    time = Timekeeper(settings, TurnableClock())
    await time.load()
    assert time.anchor is None
