"""Brings colleagues' bundles to the server, beside the rounds of sync."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from client.device import Device, StorageFullError
from client.store.bundles import BundlePlace, BundleStore, KeptBundle
from client.store.enrolment import Enrolment
from client.sync.exchange import NoAnswerError, ServerRefusedError, exchange_bytes
from client.sync.loop import AnyRound
from shared.canonical import Json
from shared.wire.bundles import (
    BUNDLE_TYPE,
    BUNDLES_PATH,
    BundleState,
    FileKind,
    UnreadableFileError,
    read_file,
)
from shared.wire.envelope import from_base64url

__all__ = ["BundleSync", "RoundWithBundles"]

_log = logging.getLogger(__name__)

TIMEOUT_S = 60.0
BYTES_PER_S_MIN = 2_000.0
EARLIER_AGAIN_MS = 6 * 3_600_000
"""A bundle that waits for an earlier one is brought again after this time."""
_ABOUT_THE_BUNDLE = frozenset(
    {
        "body-too-large",
        "bundle-foreign",
        "bundle-origin-unknown",
        "bundle-too-large",
        "bundle-too-new",
        "bundle-unreadable",
    }
)
_PLACES = {
    BundleState.ANSWERED: BundlePlace.ANSWERED,
    BundleState.WAITS: BundlePlace.EARLIER,
}


@dataclass(slots=True)
class BundleSync:
    """Sends what lies in the store, one after the other, in a task of its own."""

    device: Device
    store: BundleStore
    enrolment: Callable[[], Enrolment]
    on_change: Callable[[], None]
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    def wake(self) -> None:
        """Bring what waits; nothing happens while that goes on already."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self.run())

    async def stop(self) -> None:
        """End the background work; what was not answered is brought again."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    async def run(self) -> None:
        """Bring all that can be brought now. Never raises: the next round wakes it again."""
        try:
            for bundle in list(self.store.bundles.values()):
                if self._may_go(bundle):
                    await self._bring(bundle)
                    self.on_change()
        except NoAnswerError as error:
            _log.info("bundles: no answer: %s", error)
        except StorageFullError:
            _log.warning("bundles: no room for an answer; it will be given again")
        except ServerRefusedError as error:
            _log.warning("bundles refused: %s", error.slug)  # The sync is told the same.
        except Exception:  # noqa: BLE001 - a colleague's work must not stop one's own.
            _log.exception("bundles failed")

    def _may_go(self, bundle: KeptBundle) -> bool:
        if bundle.place is BundlePlace.EARLIER:
            # Either way: the clock may have been put back.
            return abs(self.device.clock.wall_ms() - bundle.tried_at) >= EARLIER_AGAIN_MS
        return bundle.place is BundlePlace.WAITING

    async def _bring(self, bundle: KeptBundle) -> None:
        content = await self.store.content(bundle)
        if content is None:
            await self.store.note_refused(bundle.digest, "bundle-unreadable")
            return
        try:
            values = await exchange_bytes(
                self.device,
                self.enrolment(),
                BUNDLES_PATH,
                content,
                kind=BUNDLE_TYPE,
                timeout_s=TIMEOUT_S + len(content) / BYTES_PER_S_MIN,
            )
        except ServerRefusedError as error:
            if error.slug not in _ABOUT_THE_BUNDLE:
                raise
            await self.store.note_refused(bundle.digest, error.slug)
            return
        place, answer = _read(values)
        await self.store.keep_answer(bundle.digest, place, answer)


class RoundWithBundles:
    """A round of sync that lets bundles go once it went well: one's own work goes first."""

    def __init__(self, a_round: AnyRound, bundles: BundleSync) -> None:
        """Run *a_round* first."""
        self._round = a_round
        self._bundles = bundles

    @property
    def pages(self) -> int:
        """Pages of rows that the round brought so far."""
        return self._round.pages

    async def run(self) -> None:
        """Settle all of one's own; bundles go by themselves from then on.

        Raises:
            NoAnswerError: As the round, all of them.
        """
        await self._round.run()
        self._bundles.wake()


def _read(values: dict[str, Json]) -> tuple[BundlePlace, bytes]:
    try:
        place = _PLACES[BundleState(cast("str", values["state"]))]
        answer = from_base64url(cast("str", values["answer"]))
        if read_file(answer).kind is not FileKind.ANSWER:
            raise UnreadableFileError("bundle-unreadable")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NoAnswerError(f"no answer of this protocol: {error!r}") from error
    return place, answer
