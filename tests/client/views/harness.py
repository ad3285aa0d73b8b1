"""Drive the real app in one process: Flet's session and diffs, no browser, no Flutter.

Uses Flet's internals on purpose; the version is pinned.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import flet as ft
import msgpack  # type: ignore[import-untyped]
from flet.components.public_utils import unwrap_component
from flet.controls.base_control import BaseControl
from flet.controls.context import _context_page
from flet.messaging.connection import Connection
from flet.messaging.protocol import (
    Message,
    MessageAction,
    RegisterClientResponseBody,
    configure_encode_object_for_msgpack,
)
from flet.messaging.session import Session
from flet.pubsub.pubsub_hub import PubSubHub

from client.app import show
from client.ports import FirstPad
from client.state import App

ControlT = TypeVar("ControlT", bound=BaseControl)

PHONE = (390, 844)
DESK = (1280, 800)
SKIPPED = {"parent", "page", "_parent", "_page"}


class FakeConnection(Connection):
    """The client's side: answers what Flutter would, and notes what it was told."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.loop = loop
        self.page_url = "http://test.local/"
        self.executor = ThreadPoolExecutor(1)
        self.pubsubhub = PubSubHub(loop=loop, executor=self.executor)
        self.crashes: list[str] = []
        self.session: Any = None
        self.screen: Screen

    def send_message(self, message: Message) -> None:
        encode = configure_encode_object_for_msgpack(BaseControl)  # type: ignore[no-untyped-call]
        msgpack.packb([message.action, message.body], default=encode)
        if message.action == MessageAction.SESSION_CRASHED:
            self.crashes.append(message.body.message)
        if message.action == MessageAction.INVOKE_METHOD:
            self.loop.call_soon(self._answer, message.body)

    def _answer(self, call: Any) -> None:
        self.session.handle_invoke_method_results(call.control_id, call.call_id, None, None)
        if call.name == "push_route":
            self.screen.told_route(call.args["route"])


class Screen:
    """What a person sees and touches."""

    def __init__(self) -> None:
        self.taps = 0
        self.app: App
        self.connect: type[FakeConnection] = FakeConnection

    async def open(
        self,
        field: Any,
        *,
        size: tuple[int, int] = PHONE,
        route: str = "/",
        pad: FirstPad | None = None,
    ) -> Screen:
        self.conn = self.connect(asyncio.get_running_loop())
        self.conn.screen = self
        self.session = self.conn.session = Session(self.conn)
        self.page = self.session.page
        _context_page.set(self.page)
        self.session.apply_page_patch(
            {
                "route": route,
                "width": size[0],
                "height": size[1],
                "platform": "android",
                "pwa": False,
                "web": False,
                "debug": False,
                "wasm": False,
                "test": False,
                "multi_view": False,
                "media": {},
            }
        )
        patch = self.session.get_page_patch()  # type: ignore[no-untyped-call]
        registered = RegisterClientResponseBody(
            session_id=self.session.id, page_patch=patch, error=""
        )
        self.conn.send_message(Message(MessageAction.REGISTER_CLIENT, registered))
        self.app = await show(self.page, field, pad)
        await self.session.after_event(self.page)
        await self.settle()
        return self

    async def close(self) -> None:
        """End the session's background work."""
        self.session.close()  # type: ignore[no-untyped-call]
        await asyncio.sleep(0)
        self.conn.executor.shutdown(wait=False)

    async def settle(self, rounds: int = 12) -> None:
        for _ in range(rounds):
            await asyncio.sleep(0)

    def told_route(self, route: str) -> None:
        self.session.apply_page_patch({"route": route})
        self.held = asyncio.ensure_future(
            self.session.dispatch_event(self.page._i, "route_change", {"route": route})
        )

    def walk(self, node: Any = None, seen: set[int] | None = None) -> Iterator[BaseControl]:
        """Yield every control that is mounted."""
        seen = set() if seen is None else seen
        node = unwrap_component(self.page if node is None else node)
        if isinstance(node, list | tuple):
            for one in node:
                if one is not None:  # None would begin again at the page.
                    yield from self.walk(one, seen)
        elif isinstance(node, dict):
            yield from self.walk(list(node.values()), seen)
        elif isinstance(node, BaseControl) and id(node) not in seen:
            seen.add(id(node))
            yield node
            for entry in dataclasses.fields(node):
                value = None if entry.name in SKIPPED else getattr(node, entry.name, None)
                if isinstance(value, BaseControl | list | tuple | dict):
                    yield from self.walk(value, seen)

    def top(self) -> list[BaseControl]:
        """Return the controls of the view on top, and of the dialogs over it."""
        views = unwrap_component(self.page.views)
        return [*self.walk(views[-1]), *self.walk(self.page._dialogs)]

    def all(self, kind: type[ControlT], **equal: object) -> list[ControlT]:
        return [
            one
            for one in self.top()
            if isinstance(one, kind)
            and all(getattr(one, name, None) == value for name, value in equal.items())
        ]

    def texts(self) -> list[str]:
        """Return every text on the view on top, labels of buttons and messages included."""
        said: list[str] = []
        for one in self.top():
            if isinstance(one, ft.Text):
                said.append(str(one.value))
            for name in ("content", "label", "error", "helper", "tooltip"):
                value = getattr(one, name, None)
                if isinstance(value, str):
                    said.append(value)
        return said

    def shows(self, text: str) -> bool:
        return any(text in one for one in self.texts())

    def button(self, text: str) -> Any:
        """Return the thing to tap that reads *text*: a button, a chip, a card, a tab."""
        for one in self.top():
            if getattr(one, "on_click", None) is None or getattr(one, "disabled", False):
                continue
            names = [getattr(one, name, None) for name in ("tooltip", "content", "label")]
            inner = [each.value for each in self.walk(one) if isinstance(each, ft.Text)]
            if text in [name for name in names if isinstance(name, str)] or text in inner:
                return one
        message = f"nothing to tap reads {text!r}; the screen says {self.texts()}"
        raise AssertionError(message)

    async def tap(self, text: str) -> None:
        """Tap what reads *text*; counted."""
        self.taps += 1
        await self.fire(self.button(text), "click")

    async def type(self, label: str, text: str) -> None:
        """Type into the field of that label; not counted."""
        (field,) = self.all(ft.TextField, label=label)
        self.session.apply_patch(field._i, {"value": text})
        await self.fire(field, "change", text)

    async def fire(self, control: Any, event: str, data: Any = None) -> None:
        await self.session.dispatch_event(control._i, event, data)
        await self.settle()
