"""When to sync: at once, soon, or when the server or the network allow it again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

from client.device import JournalPositionTakenError, StorageFullError
from client.status import Phase
from client.sync.exchange import NoAnswerError, ServerRefusedError

__all__ = ["AnyRound", "Listener", "Sync"]

_log = logging.getLogger(__name__)

IDLE_S = 60.0
"""With nothing to send, the server is asked this often for news."""
BACKOFF_S = 2.0
UNREACHABLE_S_MAX = 30.0
"""Trying costs little where nobody answers, and a network that is back should be seen soon."""
BACKOFF_S_MAX = 300.0
"""A server in trouble is left alone for longer and longer."""
LISTENED_S_MIN = 10.0
LOOKED_AT_S = 600.0
"""So long after the app came to the front it is taken to be looked at."""
PAUSED_S = 900.0
"""After a refusal the server is asked this often whether it has changed its mind."""
# Not the interpreter's own generator: restored from one snapshot, all phones would draw the same
# waits, and return in the same second.
_SYSTEM_RANDOM = random.SystemRandom()
_FINAL = frozenset({"forked"})
"""Refusals that only a new enrolment ends."""


class AnyRound(Protocol):
    """One settling of what the device and the server owe each other (`client.sync.round`)."""

    @property
    def pages(self) -> int:
        """Pages of rows that it brought so far."""
        ...

    async def run(self) -> None:
        """Settle all; what it raises says when to try again."""
        ...


class Listener(Protocol):
    """Waits at the server for news (`client.sync.round`)."""

    @property
    def may_listen(self) -> bool:
        """Whether the link is good enough for that."""
        ...

    async def listen(self) -> bool:
        """Wait some seconds; tell whether there is news for a round to fetch. Never raises."""
        ...


class Sync:
    """Runs rounds one at a time, in the background or when asked."""

    def __init__(
        self,
        a_round: AnyRound,
        *,
        on_change: Callable[[], None],
        on_taken: Callable[[], None],
        listener: Listener | None = None,
        jitter: Callable[[], float] = _SYSTEM_RANDOM.random,
    ) -> None:
        """Run *a_round* again and again, each wait drawn out by *jitter* (from 0 to 1).

        *on_change* is called whenever the phase changes, *on_taken* when another copy of the app
        holds the journal. Between rounds *listener* waits for news while the app is looked at.
        """
        self._round = a_round
        self._on_change = on_change
        self._on_taken = on_taken
        self._jitter = jitter
        self._one = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._current: asyncio.Future[float] | None = None
        self._failures = 0
        self._looked_at = -math.inf
        self._listener = listener
        self.phase = Phase.IDLE
        self.pause_slug: str | None = None

    def start(self) -> None:
        """Begin to sync in the running event loop; a second start changes nothing."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End the background work, also a round that somebody else waits for."""
        for task in (self._task, self._current):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait([task])
        self._task = self._current = None

    def saved(self) -> None:
        """Note that something waits: it goes at once, unless the server can't be reached."""
        if self.phase in {Phase.IDLE, Phase.SYNCING}:
            self._wake.set()

    def foreground(self) -> None:
        """Note that the person or the network is back: try at once, whatever was before."""
        self._failures = 0
        self._looked_at = asyncio.get_running_loop().time()
        self._wake.set()

    @property
    def pages(self) -> int:
        """Pages of rows that the round brought so far."""
        return self._round.pages

    async def attempt(self) -> float:
        """Run one round; return the seconds until the next one. Never raises."""
        async with self._one:
            self._current = asyncio.ensure_future(self._attempt())
            try:
                await asyncio.wait([self._current])
            except asyncio.CancelledError:
                self._current.cancel()
                raise
            return math.inf if self._current.cancelled() else self._current.result()

    async def _attempt(self) -> float:
        self._turn(Phase.SYNCING)
        try:
            await self._round.run()
        except NoAnswerError as error:
            _log.info("no answer: %s", error)
            self._turn(Phase.OFFLINE)
            longest = BACKOFF_S_MAX if error.is_answered else UNREACHABLE_S_MAX
            return max(error.retry_after_s, self._backoff_s(longest)) + self._jitter()
        except ServerRefusedError as error:
            _log.warning("sync refused: %s", error.slug)
            self._turn(Phase.PAUSED, error.slug)
            return math.inf if error.slug in _FINAL else PAUSED_S
        except StorageFullError:
            self._turn(Phase.PAUSED, "storage-full")
            return PAUSED_S
        except JournalPositionTakenError:
            self._turn(Phase.PAUSED, "open-elsewhere")
            self._on_taken()
            return math.inf
        except Exception:  # noqa: BLE001
            # A fault of ours must not end the sync for the day.
            _log.exception("sync failed")
            self._turn(Phase.OFFLINE)
            return BACKOFF_S_MAX
        self._failures = 0
        self._turn(Phase.IDLE)
        return IDLE_S

    async def alone(self, doing: Awaitable[object]) -> object:
        """Await *doing* while no round runs."""
        async with self._one:
            return await doing

    def _backoff_s(self, longest: float) -> float:
        self._failures += 1
        whole = min(longest, BACKOFF_S * 2.0 ** min(self._failures - 1, 10))
        return whole * (0.5 + self._jitter() / 2)

    def _turn(self, phase: Phase, pause_slug: str | None = None) -> None:
        self.phase, self.pause_slug = phase, pause_slug
        self._on_change()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            wait_s = await self.attempt()
            if self.phase is not Phase.IDLE:
                self._wake.clear()  # What was saved meanwhile waits with the rest.
            if self._listens:
                await self._listen_until_woken(wait_s)
            else:
                await self._sleep(wait_s)

    @property
    def _listens(self) -> bool:
        """Whether somebody looks at the app, over a link on which a request may wait."""
        since = asyncio.get_running_loop().time() - self._looked_at
        is_looked_at = since < LOOKED_AT_S
        is_good = self._listener is not None and self._listener.may_listen
        return is_looked_at and is_good and self.phase is Phase.IDLE

    async def _sleep(self, wait_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), None if wait_s == math.inf else wait_s)

    async def _listen_until_woken(self, wait_s: float) -> None:
        """Sleep, but end it with the server's news; what is saved meanwhile waits for nobody."""
        listening = asyncio.ensure_future(self._listen())
        try:
            await self._sleep(wait_s)
        finally:
            # A request under way can't be called back; nobody waits for its answer any more.
            listening.cancel()

    async def _listen(self) -> None:
        assert self._listener is not None, "asked for only with one"
        now = asyncio.get_running_loop().time
        while True:
            begun = now()
            if await self._listener.listen():
                self._wake.set()
                return
            if now() - begun < LISTENED_S_MIN:
                return  # Nobody keeps us waiting there: asked again, it would say the same.
