"""The app dies between any two steps that it takes outside itself; nothing "saved" is lost."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from client.device import Device
from client.engine import Field
from client.status import FieldState, OutboxState
from shared.domain.referral import Referral
from tests.client.fake_server import CODE, FakeServer
from tests.client.phone import PIN, Phone, lead


class PowerCut(BaseException):
    """The end of a run."""


class Fuse:
    """Blows at the nth step: the end of a call of a port, for only such calls change the world."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.steps = 0

    def step(self) -> None:
        if self.at is not None and self.steps >= self.at:
            raise PowerCut
        self.steps += 1

    def guard(self, device: Device) -> dict[str, Any]:
        ports = {port.name: getattr(device, port.name) for port in dataclasses.fields(device)}
        guarded = ("journal", "settings", "keys", "http")
        return ports | {name: _Guarded(ports[name], self) for name in guarded}


class _Guarded:
    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        called: Callable[..., Any] = getattr(self._port, name)
        if not inspect.iscoroutinefunction(called):
            return called

        async def call(*args: Any, **kwargs: Any) -> Any:
            result = await called(*args, **kwargs)
            self._fuse.step()
            return result

        return call


async def live(phone: Phone, fuse: Fuse, saved: list[str]) -> None:
    """A short day: enrol, record, sync, record again, sync; *saved* is what the screen said."""
    phone.kill()
    field = Field(Device(**fuse.guard(phone.new_device())))
    await field.load()
    await field.enrol(CODE, "测试机")
    await field.set_pin(PIN)
    for name in ("王阿婆", "李老板"):
        kept = lead(field, name)
        await field.record("submit_referral", kept)
        saved.append(kept.id)
    await field.sync_now()
    field.drafts.keep("lead", {"note": "看瓜"})
    await field.drafts.flush()
    kept = lead(field, "赵大叔")
    await field.record("submit_referral", kept, draft="lead")
    saved.append(kept.id)
    await field.sync_now()
    await field.lock()


async def recover(phone: Phone) -> Field:
    """Start anew as the person would, wherever it stopped."""
    field = await phone.start()
    if field.state is FieldState.NOT_ENROLLED:
        await field.enrol(CODE, "测试机")
    if await field.load() is FieldState.PIN_NEEDED:
        await field.set_pin(PIN)
    else:
        await field.unlock(PIN)
    return field


async def check(phone: Phone, server: FakeServer, saved: list[str]) -> None:
    """What was called saved is there, goes to the server, and is there once."""
    field = await recover(phone)
    assert {row.id for row in field.world.where(Referral)} >= set(saved)
    await field.sync_now()
    assert (field.status.waiting, field.status.damaged) == (0, 0)
    at_server = {row.id for row in server.where(Referral)}
    assert at_server >= set(saved)
    # One that was just being saved may be there too.
    assert len(at_server) <= len(saved) + 1
    assert {row.id for row in field.world.where(Referral)} == at_server
    await field.lock()
    await field.unlock(PIN)
    await asyncio.sleep(0)
    assert {row.id for row in field.world.where(Referral)} == at_server
    assert len(field.outbox()) == len(at_server)
    assert {item.state for item in field.outbox()} <= {OutboxState.OK}
    await field.stop()


@pytest.mark.parametrize("replica_file", [True, False], ids=["file", "memory"])
def test_nothing_saved_is_lost_or_doubled_wherever_the_power_goes(
    tmp_path: Path, *, replica_file: bool
) -> None:
    whole = Fuse(None)
    phone = Phone(tmp_path / "whole", FakeServer(), replica_file=replica_file)
    asyncio.run(live(phone, whole, []))
    phone.kill()
    assert whole.steps > 60

    # Every step with the file that phones have; a sample of them with the browser's way.
    for at in range(0, whole.steps, 1 if replica_file else 4):
        server = FakeServer()
        phone = Phone(tmp_path / str(at), server, replica_file=replica_file)
        saved: list[str] = []
        # A loop for each run: what it left in the background dies with it.
        with pytest.raises(PowerCut):
            asyncio.run(live(phone, Fuse(at), saved))
        asyncio.run(check(phone, server, saved))
        phone.kill()
