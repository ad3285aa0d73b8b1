"""A page with one button for each promise of client.device.browser; results shown as text.

Built and served like the app itself, and driven by test_device.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count

import flet as ft

from client.device import (
    Device,
    JournalPositionTakenError,
    NetworkUnreachableError,
    SealedItem,
    UnsealError,
)
from client.device.browser import (
    hold_leadership,
    offer_download,
    open_device,
    page_fragment,
    page_origin,
    wait_for_leadership,
)

KEY = bytes(range(32))
MANY = 10_000
Trial = Callable[[], Awaitable[str]]


class Trials:
    """What each button does; every method returns the text to show."""

    def __init__(self, device: Device, typed: ft.TextField) -> None:
        self._device = device
        self._typed = typed

    async def load(self) -> str:
        records = await self._device.journal.load()
        return "|".join(record.decode() for record in records)

    async def append(self) -> str:
        """Append at the position before the colon the text after it."""
        position, _, record = (self._typed.value or "").partition(":")
        try:
            await self._device.journal.append(int(position), record.encode())
        except JournalPositionTakenError:
            return "position taken"
        return "kept"

    async def replace(self) -> str:
        position, _, record = (self._typed.value or "").partition(":")
        await self._device.journal.replace(int(position), record.encode())
        return "replaced"

    async def append_many(self) -> str:
        start = len(await self._device.journal.load())
        before = self._device.clock.monotonic_ms()
        for position in range(start, start + 100):
            await self._device.journal.append(position, b"x" * 500)
        return f"{self._device.clock.monotonic_ms() - before} ms for 100"

    async def settings(self) -> str:
        settings = self._device.settings
        seen = [await settings.get("name")]
        await settings.put("name", b"\x00\xff")
        seen.append(await settings.get("name"))
        await settings.delete("name")
        seen.append(await settings.get("name"))
        return repr(seen)

    async def sign(self) -> str:
        """Return public point and signature in hexadecimal; the message is what is typed."""
        keys = self._device.keys
        message = (self._typed.value or "").encode()
        point = await keys.create_signing_key()
        signature = await keys.sign(message)
        verified = await keys.verify(point, message, signature)
        refused = await keys.verify(point, message + b"!", signature)
        return f"{point.hex()} {signature.hex()} {verified} {refused}"

    async def unlock(self) -> str:
        before = self._device.clock.monotonic_ms()
        key = await self._device.keys.unlock_key(self._typed.value or "", b"salt")
        return f"{key.hex()} {self._device.clock.monotonic_ms() - before} ms"

    async def seal(self) -> str:
        """Seal and open; then show that a wrong context and a changed byte are refused."""
        keys = self._device.keys
        row = SealedItem(context=b"customer/1", content="王小丽".encode())
        (sealed,) = await keys.seal(KEY, [row])
        (opened,) = await keys.unseal(KEY, [SealedItem(row.context, sealed)])
        refused = 0
        for item in (
            SealedItem(b"customer/2", sealed),
            SealedItem(row.context, sealed[:-1] + bytes([sealed[-1] ^ 1])),
            SealedItem(row.context, b"short"),
        ):
            try:
                await keys.unseal(KEY, [item])
            except UnsealError:
                refused += 1
        return f"{opened.decode()} refused={refused} {sealed.hex()}"

    async def seal_many(self) -> str:
        keys, clock = self._device.keys, self._device.clock
        rows = [SealedItem(b"row/%d" % number, b"x" * 300) for number in range(MANY)]
        start = clock.monotonic_ms()
        sealed = await keys.seal(KEY, rows)
        middle = clock.monotonic_ms()
        opened = await keys.unseal(
            KEY, [SealedItem(row.context, blob) for row, blob in zip(rows, sealed, strict=True)]
        )
        end = clock.monotonic_ms()
        same = opened == [row.content for row in rows]
        nonces = len({blob[:12] for blob in sealed})
        return f"{same} nonces={nonces} seal={middle - start} ms unseal={end - middle} ms"

    async def forget(self) -> str:
        await self._device.keys.forget()
        return "forgotten"

    async def post(self) -> str:
        try:
            reply = await self._device.http.post(
                self._typed.value or "", b"\x00body", {"X-Trial": "yes"}, timeout_s=1
            )
        except NetworkUnreachableError:
            return "unreachable"
        return f"{reply.status} {reply.headers['x-answer']} {reply.body!r}"

    async def clock(self) -> str:
        clock = self._device.clock
        return f"{clock.wall_ms()} {clock.monotonic_ms()} {clock.boot()}"

    async def page(self) -> str:
        assert self._device.storage is not None
        estimate = await self._device.storage.estimate()
        return (
            f"{page_origin()} fragment={page_fragment()} "
            f"used={estimate.used_bytes} quota={estimate.quota_bytes} "
            f"persistent={estimate.is_persistent}"
        )

    async def persist(self) -> str:
        assert self._device.storage is not None
        return str(await self._device.storage.persist())

    async def install(self) -> str:
        """Say the way before, what came of it, and the way after."""
        installer = self._device.installer
        assert installer is not None
        before = await installer.way()
        return f"{before} {await installer.install()} {await installer.way()}"

    async def download(self) -> str:
        offer_download("待发.json", b'{"a": 1}', "application/json")
        return "offered"


async def main(page: ft.Page) -> None:
    """Show the buttons, the field that they read, and the last result."""
    typed = ft.TextField(label="输入")
    result = ft.Text("0. ready")
    numbers = count(1)  # So that a test can tell a second result from the first.
    trials = Trials(await open_device(), typed)

    def button(name: str, trial: Trial) -> ft.Button:
        async def run(_: ft.Event[ft.Button]) -> None:
            result.value = f"{next(numbers)}. {name}: {await trial()}"
            page.update()

        return ft.Button(name, on_click=run)

    leading = await hold_leadership()
    leader = ft.Text("leads" if leading else "follows")
    names = [name for name in vars(Trials) if not name.startswith("_")]
    page.add(
        ft.SafeArea(
            ft.Column(
                [
                    ft.Text("联动：浏览器里的设备 㛃𬭎濬"),
                    # A family that isn't there, and a sign that no font of ours has: neither
                    # may make Flutter ask a host for fonts.
                    ft.Text("系统字体 😀", font_family="PingFang SC"),
                    leader,
                    typed,
                    ft.Row([button(name, getattr(trials, name)) for name in names], wrap=True),
                    result,
                ]
            )
        )
    )
    if not leading:
        await wait_for_leadership()
        leader.value = "leads"
        page.update()


ft.run(main)
