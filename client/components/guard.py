"""One guard around every handler: whatever fails, the person is told, and nothing is lost.

Flet answers an uncaught exception with an English error card over the whole app. Every base
component passes its handlers through `guarded`; a test looks for one that is not.
"""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, cast

import flet as ft

__all__ = [
    "Handler",
    "Report",
    "guarded",
    "guarded_work",
    "install_report",
    "is_guarded",
    "log_failure",
    "spawn",
]

log = logging.getLogger("liandong.screen")

Handler = Callable[..., object]
"""What a control calls: with the event or without, synchronous or not."""

_STORE_KEY = "liandong.report"


class Report(Protocol):
    """Tells the person what happened and what was kept."""

    def __call__(self, error: Exception) -> None:
        """Say it in their language."""
        ...


def install_report(page: ft.Page, report: Report) -> None:
    """Name the one who tells the person of *page* about errors."""
    page.session.store.set(_STORE_KEY, report)


def guarded(handler: Handler | None) -> Callable[[Any], Coroutine[Any, Any, None]] | None:
    """Return *handler* so that no exception leaves it; None stays None (nothing to handle)."""
    if handler is None:
        return None
    if is_guarded(handler):
        return cast("Callable[[Any], Coroutine[Any, Any, None]]", handler)
    wants_event = _takes_an_argument(handler)

    async def run(event: Any) -> None:
        await _attempt(lambda: handler(event) if wants_event else handler())

    run.__guarded__ = True  # type: ignore[attr-defined]
    return run


def is_guarded(handler: object) -> bool:
    """Tell whether `guarded` made the handler."""
    return getattr(handler, "__guarded__", False) is True


def guarded_work(work: Callable[[], object]) -> Callable[[], Coroutine[Any, Any, None]]:
    """Return *work* that no event starts (an effect's, a task's) so that no exception leaves it."""

    async def run() -> None:
        await _attempt(work)

    return run


def spawn(page: ft.Page, work: Callable[[], Awaitable[object]]) -> None:
    """Run *work* beside the app; what it raises is told like a handler's error."""
    page.run_task(guarded_work(work))


def log_failure(error: Exception) -> None:
    """Log what failed and where; never the message, which may hold what somebody typed."""
    places = "; ".join(
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    )
    log.error("%s: %s", type(error).__name__, places)


async def _attempt(work: Callable[[], object]) -> None:
    try:
        outcome = work()
        if inspect.isawaitable(outcome):
            await outcome
    except Exception as error:  # noqa: BLE001 - the one boundary between handlers and Flet.
        log_failure(error)
        _tell(error)
    finally:
        _keep_drawing()


def _keep_drawing() -> None:
    """Start Flet's drawing task again, should a fault have ended it; else nothing happens."""
    try:
        session: Any = ft.context.page.session
        session.start_updates_scheduler()
    except Exception as error:  # noqa: BLE001 - as above.
        log_failure(error)


def _tell(error: Exception) -> None:
    try:
        report: Report | None = ft.context.page.session.store.get(_STORE_KEY)
        if report is not None:
            report(error)
    except Exception as broken:  # noqa: BLE001 - telling must not bring the error card either.
        log_failure(broken)


def _takes_an_argument(handler: Handler) -> bool:
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):  # Some built-ins have no signature.
        return True
    return any(
        parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and parameter.default is parameter.empty
        for parameter in parameters
    ) or any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
