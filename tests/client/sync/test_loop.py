from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from client.device import JournalPositionTakenError, StorageFullError
from client.status import FieldState, Phase
from client.sync import loop as loop_module
from client.sync.exchange import NoAnswerError, ServerRefusedError
from client.sync.loop import Sync
from client.sync.round import Round
from shared.domain.referral import Referral
from tests.client.fake_server import COLLEAGUE, FakeServer, refusal
from tests.client.phone import PIN, Phone, eventually, lead


class FakeRound:
    """A round whose outcomes are given."""

    def __init__(self, *outcomes: BaseException | None) -> None:
        self.outcomes = list(outcomes)
        self.runs = 0
        self.pages = 0

    async def run(self) -> None:
        self.runs += 1
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome


def made(
    *outcomes: BaseException | None, jitter: Callable[[], float] = lambda: 1.0
) -> tuple[Sync, FakeRound, list[str]]:
    a_round = FakeRound(*outcomes)
    seen: list[str] = []
    sync = Sync(
        cast("Round", a_round),
        on_change=lambda: seen.append(sync.phase),
        on_taken=lambda: seen.append("taken"),
        jitter=jitter,
    )
    return sync, a_round, seen


async def test_waits_grow_with_failures_and_begin_anew_after_success() -> None:
    sync, _, _ = made(*[NoAnswerError("x")] * 12, None, NoAnswerError("x"), jitter=lambda: 1.0)
    waits = [await sync.attempt() for _ in range(14)]
    assert waits[:5] == [3.0, 5.0, 9.0, 17.0, 33.0]
    assert waits[11] == loop_module.BACKOFF_S_MAX + 1
    assert waits[12:] == [loop_module.IDLE_S, 3.0]


async def test_nobody_at_all_is_asked_for_more_often_than_a_server_in_trouble() -> None:
    sync, _, _ = made(*[NoAnswerError("x", is_answered=False)] * 12)
    waits = [await sync.attempt() for _ in range(12)]
    assert waits[:4] == [3.0, 5.0, 9.0, 17.0]
    assert waits[11] == loop_module.UNREACHABLE_S_MAX + 1


async def test_wait_is_drawn_between_half_and_whole() -> None:
    for draw in (0.0, 0.25, 1.0):
        sync, _, _ = made(NoAnswerError("x"), jitter=lambda draw=draw: draw)  # type: ignore[misc]
        assert await sync.attempt() == pytest.approx(2 * (0.5 + draw / 2) + draw)


async def test_server_that_names_a_time_is_left_alone_so_long_and_a_little_more() -> None:
    sync, _, _ = made(NoAnswerError("busy", retry_after_s=40), jitter=lambda: 0.5)
    assert await sync.attempt() == 40.5


@pytest.mark.parametrize(
    ("outcome", "phase", "slug", "wait"),
    [
        (None, Phase.IDLE, None, loop_module.IDLE_S),
        (ServerRefusedError("device-revoked", 403, {}), Phase.PAUSED, "device-revoked", 900.0),
        (ServerRefusedError("forked", 409, {}), Phase.PAUSED, "forked", math.inf),
        (StorageFullError(), Phase.PAUSED, "storage-full", 900.0),
        (JournalPositionTakenError(), Phase.PAUSED, "open-elsewhere", math.inf),
        (ZeroDivisionError(), Phase.OFFLINE, None, loop_module.BACKOFF_S_MAX),
    ],
)
async def test_attempt_ends_in_a_phase_and_a_wait(
    outcome: BaseException | None, phase: Phase, slug: str | None, wait: float
) -> None:
    sync, _, seen = made(outcome)
    assert await sync.attempt() == wait
    assert (sync.phase, sync.pause_slug) == (phase, slug)
    assert seen[:2] == [Phase.SYNCING, phase]
    assert ("taken" in seen) == (slug == "open-elsewhere")


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_saving_wakes_an_idle_loop_and_not_one_that_backs_off() -> None:
    sync, a_round, _ = made(None, NoAnswerError("x"), None)
    sync.start()
    sync.start()
    await settle()
    assert a_round.runs == 1
    sync.saved()
    await settle()
    assert (a_round.runs, sync.phase) == (2, Phase.OFFLINE)
    sync.saved()
    await settle()
    assert a_round.runs == 2
    sync.foreground()
    await settle()
    assert (a_round.runs, sync.phase) == (3, Phase.IDLE)
    await sync.stop()


async def test_loop_tries_again_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "IDLE_S", 0.001)
    sync, a_round, _ = made()
    sync.start()
    await eventually(lambda: a_round.runs > 3)
    await sync.stop()
    runs = a_round.runs
    await asyncio.sleep(0.01)
    assert a_round.runs == runs


async def test_what_is_saved_during_a_round_goes_right_after_it() -> None:
    class Slow(FakeRound):
        async def run(self) -> None:
            await super().run()
            if self.runs == 1:
                sync.saved()

    slow = Slow()
    sync = Sync(cast("Round", slow), on_change=lambda: None, on_taken=lambda: None)
    sync.start()
    await settle()
    assert slow.runs == 2
    await sync.stop()


async def test_rounds_never_overlap(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    running: list[int] = []
    most: list[int] = []
    post = server.post

    async def slow(*args: Any, **kwargs: Any) -> Any:
        running.append(1)
        most.append(len(running))
        await asyncio.sleep(0)
        try:
            return await post(*args, **kwargs)
        finally:
            running.pop()

    server.post = slow  # type: ignore[method-assign]
    field.start()
    await asyncio.gather(*(field.sync_now() for _ in range(5)))
    assert max(most) == 1
    await field.stop()


async def test_record_goes_by_itself_and_locking_ends_the_sync(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.start()
    field.start()
    await field.enrol("ABCD-2345-EFGH", "测试机")
    await field.set_pin("246810")
    await field.record("submit_referral", lead(field))
    await eventually(lambda: field.status.waiting == 0)
    assert len(server.where(Referral)) == 1
    await field.lock()
    assert field.state is FieldState.LOCKED
    count = len(server.requests)
    field.foreground()  # Locked, nothing can be sent.
    assert (await field.sync_now()).phase is Phase.IDLE
    assert len(server.requests) == count
    await field.stop()


async def test_coming_to_the_front_fetches_news(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    field.start()
    await settle()
    count = len(server.requests)
    field.foreground()
    await settle()
    assert len(server.requests) > count
    await field.stop()


async def test_network_that_is_back_is_used_at_once(phone: Phone, server: FakeServer) -> None:
    watchers: list[Callable[[], None]] = []
    await phone.enrolled()
    field = await phone.start(watch_network=watchers.append)
    field.start()
    field.start()
    await field.unlock(PIN)
    server.reachable = False
    await field.record("submit_referral", lead(field))
    await settle()
    assert field.status.phase is Phase.OFFLINE
    server.reachable = True
    (back,) = watchers
    back()
    await settle()
    assert field.status.waiting == 0
    await field.stop()
    back()


async def test_locking_cuts_a_round_off_and_loses_nothing(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    await field.record("submit_referral", lead(field))
    arrived = asyncio.Event()
    post = server.post

    async def hang(*args: Any, **kwargs: Any) -> Any:
        arrived.set()
        reply = await post(*args, **kwargs)
        await asyncio.sleep(60)
        return reply

    server.post = hang  # type: ignore[method-assign]
    syncing = asyncio.create_task(field.sync_now())
    await arrived.wait()
    await field.lock()
    await syncing
    server.post = post  # type: ignore[method-assign]
    await field.unlock("246810")
    assert field.status.waiting == 1
    await field.sync_now()
    assert field.status.waiting == 0
    assert len(server.where(Referral)) == 1


async def test_caller_that_goes_away_ends_its_round(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    post = server.post

    async def hang(*_: Any, **__: Any) -> Any:
        await asyncio.sleep(60)

    server.post = hang  # type: ignore[method-assign]
    syncing = asyncio.create_task(field.sync_now())
    await asyncio.sleep(0.01)
    syncing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await syncing
    server.post = post  # type: ignore[method-assign]
    assert (await field.sync_now()).phase is Phase.IDLE


async def test_busy_server_is_asked_again_when_it_said(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    busy = refusal("busy")
    headers = {**busy.headers, "retry-after": "120"}
    server.before = lambda _path, _request: type(busy)(503, headers, busy.body)
    sync = field._open.sync
    assert 120 <= await sync.attempt() <= 121
    assert field.status.phase is Phase.OFFLINE


class FakeListener:
    """Hears what a test lets it hear, and when."""

    def __init__(self, *heard: bool, takes_s: float = 0.0) -> None:
        self.heard = list(heard)
        self.takes_s = takes_s
        self.asked = 0
        self.may_listen = True

    async def listen(self) -> bool:
        self.asked += 1
        await asyncio.sleep(self.takes_s)
        return self.heard.pop(0) if self.heard else False


async def listening(listener: FakeListener, *, is_looked_at: bool = True) -> FakeRound:
    """Run the loop a while with *listener*; return its rounds."""
    a_round = FakeRound()
    sync = Sync(a_round, on_change=lambda: None, on_taken=lambda: None, listener=listener)
    if is_looked_at:
        sync.foreground()
    sync.start()
    await asyncio.sleep(0.2)
    await sync.stop()
    return a_round


async def test_news_at_the_server_begin_a_round_at_once() -> None:
    listener = FakeListener(True, True)
    assert (await listening(listener)).runs == 3
    assert listener.asked == 3


async def test_nobody_listens_while_nobody_looks() -> None:
    listener = FakeListener(True)
    assert (await listening(listener, is_looked_at=False)).runs == 1
    assert listener.asked == 0


async def test_nobody_listens_on_a_bad_link() -> None:
    listener = FakeListener(True)
    listener.may_listen = False
    assert (await listening(listener)).runs == 1
    assert listener.asked == 0


async def test_server_that_lets_nobody_wait_is_not_asked_again_and_again() -> None:
    listener = FakeListener()
    await listening(listener)
    assert listener.asked == 1


async def test_what_is_saved_does_not_wait_for_the_listener() -> None:
    a_round, listener = FakeRound(), FakeListener(takes_s=60)
    sync = Sync(a_round, on_change=lambda: None, on_taken=lambda: None, listener=listener)
    sync.foreground()
    sync.start()
    await eventually(lambda: listener.asked)
    sync.saved()
    await eventually(lambda: a_round.runs == 2)
    await sync.stop()


async def test_listening_tells_news_from_silence_and_keeps_nothing(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await field.sync_now()
    listener = field._open.sync._listener
    assert listener is not None
    assert listener.may_listen
    assert await listener.listen() is False
    assert server.requests[-1]["wait"] == 25
    server.put(replace(COLLEAGUE, name="李大满"))
    cursors = field._open.holdings.replica.cursors
    assert await listener.listen() is True
    assert field._open.holdings.replica.cursors == cursors
    server.reachable = False
    assert await listener.listen() is False
