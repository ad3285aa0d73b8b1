"""Fixtures of the browser tests: a Chromium, the built app, a server for it, phones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from client.web.build import DEFAULT_OUT, WebBuild
from tests.browser.driver import Phone, phone
from tests.browser.live_server import LiveServer, live_server
from tests.browser.static_server import StaticServer, static_server
from tools import chromium as chromium_tool


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Find the browser; without one the tests fail, because a skipped test proves nothing."""
    found = chromium_tool.find()
    if found is None:
        pytest.fail(chromium_tool.ADVICE, pytrace=False)
    return found


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Start Playwright, for one module: its event loop would be in the way of others' own."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def web_app() -> Path:
    """Build the app; nothing is done when `make web` has just done it."""
    WebBuild().run()
    return DEFAULT_OUT


@pytest.fixture(scope="session")
def device_app() -> Path:
    """Build the small app whose buttons call client.device.browser."""
    build = WebBuild(
        entry=Path(__file__).with_name("device_app") / "main.py",
        out=DEFAULT_OUT.with_name("device_app"),
    )
    build.run()
    return build.out


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[Path], StaticServer]]:
    """Return a function that serves a folder until the module's last test."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(static_server(folder))


@pytest.fixture(scope="module")
def new_phone(
    playwright: Playwright, chromium: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Phone]]:
    """Return a function that gives a phone with empty storage; each call gives another.

    A width and height may be named, for those who sit at a desk.
    """
    with ExitStack() as stack:
        yield lambda **size: stack.enter_context(
            phone(playwright, chromium, tmp_path_factory.mktemp("phone"), **size)
        )


@pytest.fixture
def live(web_app: Path, tmp_path: Path) -> Iterator[LiveServer]:
    """Run the real server with the real web app and a county in which nothing has happened."""
    with live_server(tmp_path, web_app) as server:
        yield server
