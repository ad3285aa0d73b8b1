"""What happened, line by line: the same seed must give the same lines, to the byte."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

__all__ = ["Trace", "short", "unexpected_noted"]

_UNEXPECTED_CLIENT = ("sync failed", "bundles failed", "a subscriber failed", "rule of", "row of")
_MENDED = "replica: not what the server means"
_UNEXPECTED_SERVER = ("request failed", "op parked", "sweep failed", "batch runs again")

# A refusal after the first write, and what a seed does on purpose.
_FORESEEN = ("_BatchFailed", "PoisonedError")


class Trace:
    """The lines of one run, and what was logged that should never have to be.

    Attributes:
        unexpected: Errors that nobody foresaw.
        mended: Replicas that turned out to be wrong by their checksums, and were fetched anew.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.unexpected: list[str] = []
        self.mended: list[str] = []
        self._hash = hashlib.sha256()

    def note(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)
        self._hash.update(line.encode() + b"\n")

    @property
    def digest(self) -> str:
        """The hash of all lines so far."""
        return self._hash.hexdigest()


def short(content: bytes) -> str:
    """Return what tells these bytes from others, short enough for a line."""
    return f"{len(content)}:{hashlib.sha256(content).hexdigest()[:12]}"


@contextmanager
def unexpected_noted(trace: Trace) -> Iterator[None]:
    """Note in *trace* what either side logs of an error that it did not foresee."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.msg.startswith(_UNEXPECTED_CLIENT):
                error = record.exc_info[1] if record.exc_info else None
                trace.unexpected.append(f"{record.getMessage()}: {error!r}")
            if record.msg.startswith(_MENDED):
                trace.mended.append(record.getMessage())

    def judge(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        is_foreseen = event.get("error") in _FORESEEN
        if str(event["event"]).startswith(_UNEXPECTED_SERVER) and not is_foreseen:
            at = event.get("at") or ["?"]
            trace.unexpected.append(f"{event['event']}: {event.get('error')} at {at[-1]}")
        raise structlog.DropEvent

    handler, client = Handler(logging.WARNING), logging.getLogger("client")
    before, was_propagating = structlog.get_config(), client.propagate
    client.addHandler(handler)
    client.propagate = False
    structlog.configure(processors=[judge])
    try:
        yield
    finally:
        structlog.configure(**before)
        client.propagate = was_propagating
        client.removeHandler(handler)
