"""What the engine's tests stand on: coroutines as tests, a phone, and a server that we can bend."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

from tests.client.fake_server import FakeServer
from tests.client.phone import Phone


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine function in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def phone(tmp_path: Path, server: FakeServer) -> Phone:
    """A phone that was never enrolled, and reaches *server*."""
    return Phone(tmp_path / "phone", server)
