"""Requests shrink on a link that breaks them, and grow again."""

from __future__ import annotations

from typing import Any

from client.device import HttpReply
from client.sync.pace import Pace
from shared.domain.referral import Referral
from tests.client.fake_server import FakeServer
from tests.client.phone import Phone, lead


def test_a_link_that_breaks_carries_less_and_less_but_never_nothing() -> None:
    pace = Pace()
    assert pace.share(96_000) == 96_000
    for _ in range(10):
        pace.failed()
    assert (pace.share(96_000), pace.share(3)) == (6_000, 1)


def test_quick_answers_make_it_grow_again() -> None:
    pace = Pace()
    pace.failed()
    pace.failed()
    pace.came(10)
    assert pace.share(800) == 200
    pace.came(2)
    pace.came(2)
    assert pace.share(800) == 800
    pace.came(30)
    assert pace.share(800) == 400


def test_more_to_carry_may_take_longer() -> None:
    assert Pace.timeout_s(50_000, 0) - Pace.timeout_s(0, 0) == 100
    assert Pace.timeout_s(0, 40_000) - Pace.timeout_s(0, 0) == 80


async def test_a_link_that_cuts_long_requests_lets_short_ones_through(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    for number in range(60):
        await field.record("submit_referral", lead(field, f"客户{number}", phone=None))
    sent: list[int] = []

    def cut(_path: str, request: dict[str, Any]) -> HttpReply | None:
        sent.append(len(request["ops"]))
        return HttpReply(502, {"content-type": "text/html"}, b"") if sent[-1] > 30 else None

    server.before = cut
    for _ in range(6):
        await field.sync_now()
    assert field.status.waiting == 0
    assert sent[0] == 60
    assert len(server.where(Referral)) == 60
