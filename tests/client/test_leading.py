"""Two copies of the app on one device: one leads, the other waits, and takes over by itself."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from client.device.native import native_device
from client.engine import Field
from client.status import FieldState


def test_waiting_copy_opens_once_the_leading_one_was_closed(tmp_path: Path) -> None:
    async def story() -> None:
        closed = asyncio.Event()
        asked = 0

        async def lead() -> bool:
            nonlocal asked
            asked += 1
            return False  # What a browser says as long as any page of its own holds the lock.

        async def await_lead() -> None:
            await closed.wait()

        device = dataclasses.replace(
            native_device(tmp_path, "http://127.0.0.1:1"), lead=lead, await_lead=await_lead
        )
        field = Field(device)
        is_open = asyncio.Event()
        field.subscribe(lambda: is_open.set() if field.state is FieldState.NOT_ENROLLED else None)
        assert await field.load() is FieldState.ELSEWHERE
        assert await field.load() is FieldState.ELSEWHERE  # Somebody is impatient.
        assert asked == 2
        closed.set()
        await is_open.wait()
        assert await field.load() is FieldState.NOT_ENROLLED
        assert asked == 2, "a copy that leads must not ask again: it would refuse itself"

    asyncio.run(asyncio.wait_for(story(), 5))
