"""One run of the app in a process of its own, to be killed: records, syncs, and says "saved".

What it writes to the pipe is what the screen would show: `saved ID` only once `Field.record` has
returned.
"""

from __future__ import annotations

import asyncio
import logging
import random
from multiprocessing.connection import Connection
from pathlib import Path

from client.device.native import native_device
from client.engine import Field
from client.status import FieldState
from shared.domain.refusals import RefusedError
from tests.client.phone import PIN, lead
from tests.faults.luck import luck

__all__ = ["run_phone"]

_PAUSES_S = (0.0, 0.0, 0.001, 0.004, 0.02)
_WRITES_LATER_S = 0.05  # As a defect that leaves the writing to somebody would.


def run_phone(  # noqa: PLR0913, PLR0917 - a process is given all it needs at once
    folder: str, url: str, code: str, pipe: Connection, seed: int, defect: str | None
) -> None:
    """Run the app on *folder* until it is killed."""
    logging.disable(logging.CRITICAL)
    asyncio.run(_live(Path(folder), url, code, pipe, luck(seed), defect))


async def _live(  # noqa: PLR0913, PLR0917 - likewise
    folder: Path, url: str, code: str, pipe: Connection, rng: random.Random, defect: str | None
) -> None:
    field = Field(native_device(folder, url, pbkdf2_iterations=1))
    await field.load()
    while field.state is FieldState.NOT_ENROLLED:
        try:
            await field.enrol(code, "测试机")
        except RefusedError:
            await asyncio.sleep(0.02)  # The server is dead, too; the same code is good again.
    if field.state is FieldState.PIN_NEEDED:
        await field.set_pin(PIN)
    else:
        await field.unlock(PIN)
    _say(pipe, "open")
    field.start()
    number = 0
    while True:
        number += 1
        args = lead(field, f"客户{number}", phone=None)
        _say(pipe, f"saving {args.id}")
        if defect == "told-before-kept":
            _say(pipe, f"saved {args.id}")
            await asyncio.sleep(_WRITES_LATER_S)
        if defect == "kept-in-background":
            task = asyncio.ensure_future(field.record("submit_referral", args))
            task.add_done_callback(lambda _: None)
        else:
            await field.record("submit_referral", args)
        _say(pipe, f"saved {args.id}")
        await asyncio.sleep(rng.choice(_PAUSES_S))
        if rng.random() < 0.05:
            field.foreground()


def _say(pipe: Connection, line: str) -> None:
    pipe.send_bytes(line.encode())  # So short a write is never torn.
