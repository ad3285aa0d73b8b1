"""Colleagues' bundles on their way through this phone, and the answers on their way back.

They are sealed, so they lie here as they are. There is room for a few: a place of its own for
each, so that a kill between two writes leaves nothing behind that nobody finds.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from client.device import Settings, SettingsError
from shared.wire.bundles import bundle_digest
from shared.wire.rows import decode, encode

__all__ = ["PLACES", "BundlePlace", "BundleStore", "KeptBundle", "NoPlaceError"]

_log = logging.getLogger(__name__)

PLACES = 20
_LISTS = ("carried/list", "carried/list-copy")


class NoPlaceError(Exception):
    """As many bundles as there is room for are under way."""


class BundlePlace(StrEnum):
    """How far a bundle has come."""

    WAITING = "waiting"  # On this phone.
    EARLIER = "earlier"  # The server waits for an earlier one; it is brought again later.
    ANSWERED = "answered"  # Its answer is here.
    REFUSED = "refused"  # It can't be brought; `slug` says why.


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBundle:
    """A bundle that this phone carries.

    Attributes:
        slot: Which of the places it has.
        taken_at: By the phone's wall clock, as are the others: milliseconds since 1970.
        tried_at: When it was brought last; 0 before.
        answer: The digest of its answer; empty while there is none.
        is_handed_back: Whether the answer was saved as a file.
    """

    slot: int
    digest: str
    taken_at: int
    place: BundlePlace = BundlePlace.WAITING
    tried_at: int = 0
    slug: str = ""
    answer: str = ""
    is_handed_back: bool = False


class BundleStore:
    """The bundles in the device's settings; whoever opens the app carries them all."""

    def __init__(self, settings: Settings, wall_ms: Callable[[], int]) -> None:
        """Keep them in *settings*; call `load` first."""
        self._settings = settings
        self._wall_ms = wall_ms
        self._writing = asyncio.Lock()
        self.bundles: dict[str, KeptBundle] = {}

    async def load(self) -> None:
        """Read the list; if both copies are lost, those who made the bundles still have all."""
        for name in _LISTS:
            try:
                content = await self._settings.get(name)
                if content is None:
                    continue
                kept = [decode(KeptBundle, values) for values in json.loads(content)]
            except (SettingsError, ValueError, KeyError, TypeError):
                _log.exception("%s can't be read", name)
                continue
            self.bundles = {bundle.digest: bundle for bundle in kept}
            return

    async def keep(self, content: bytes) -> KeptBundle:
        """Keep a bundle durably, once however often it is brought; return how it stands.

        Raises:
            NoPlaceError: There is no room for another one.
            StorageFullError: Nothing was kept.
        """
        # Shielded: a screen that goes away must not leave half of it.
        return await asyncio.shield(asyncio.ensure_future(self._keep(content)))

    async def content(self, bundle: KeptBundle) -> bytes | None:
        """Return a bundle's bytes, or None when they can't be read back."""
        return await self._read(_content_name(bundle.slot), bundle.digest)

    async def answer(self, bundle: KeptBundle) -> bytes | None:
        """Return the bytes of its answer, or None when they can't be read back."""
        return await self._read(_answer_name(bundle.slot), bundle.answer)

    async def keep_answer(self, digest: str, place: BundlePlace, answer: bytes) -> None:
        """Keep what the server has answered; once that is final, the bundle itself may go.

        Raises:
            StorageFullError: The answer was not kept; it will be given again.
        """
        async with self._writing:
            bundle = self.bundles.get(digest)
            if bundle is None:
                return  # Its carrier has dropped it meanwhile.
            await self._settings.put(_answer_name(bundle.slot), answer)
            answered = replace(
                bundle,
                place=place,
                tried_at=self._wall_ms(),
                answer=bundle_digest(answer),
                is_handed_back=False,
            )
            await self._write(self.bundles | {digest: answered})

    async def note_refused(self, digest: str, slug: str) -> None:
        """Note why a bundle can't be brought."""
        await self._change(digest, place=BundlePlace.REFUSED, slug=slug)

    async def note_handed_back(self, digest: str) -> None:
        """Note that its answer was saved as a file."""
        await self._change(digest, is_handed_back=True)

    async def drop(self, digest: str) -> None:
        """Forget a bundle and its answer."""
        async with self._writing:
            bundle = self.bundles.get(digest)
            if bundle is not None:
                # These first: on a full phone there is room for the list only then.
                await self._settings.delete(_content_name(bundle.slot))
                await self._settings.delete(_answer_name(bundle.slot))
                rest = {one.digest: one for one in self.bundles.values() if one is not bundle}
                await self._write(rest)

    async def _keep(self, content: bytes) -> KeptBundle:
        digest = bundle_digest(content)
        async with self._writing:
            known = self.bundles.get(digest)
            if known is not None and known.place is not BundlePlace.REFUSED:
                return known
            slot = known.slot if known is not None else self._free_slot()
            await self._settings.put(_content_name(slot), content)
            kept = KeptBundle(slot=slot, digest=digest, taken_at=self._wall_ms())
            others = {one.digest: one for one in self.bundles.values() if one.slot != slot}
            await self._write(others | {digest: kept})
            return kept

    def _free_slot(self) -> int:
        """Return a free place, or that of the bundle whose answer was handed back first."""
        taken = {bundle.slot for bundle in self.bundles.values()}
        free = next((slot for slot in range(PLACES) if slot not in taken), None)
        if free is not None:
            return free
        done = [one for one in self.bundles.values() if one.is_handed_back]
        if not done:
            raise NoPlaceError
        return min(done, key=lambda one: one.tried_at).slot

    async def _change(self, digest: str, **members: object) -> None:
        async with self._writing:
            bundle = self.bundles.get(digest)
            if bundle is not None:
                changed = replace(bundle, **members)  # type: ignore[arg-type]
                await self._write(self.bundles | {digest: changed})

    async def _write(self, bundles: dict[str, KeptBundle]) -> None:
        """Keep the list; what could not be written is not believed here either."""
        content = json.dumps([encode(bundle) for bundle in bundles.values()]).encode()
        for name in _LISTS:
            await self._settings.put(name, content)
        self.bundles = bundles

    async def _read(self, name: str, digest: str) -> bytes | None:
        try:
            content = await self._settings.get(name)
        except SettingsError:
            _log.exception("a bundle can't be read")
            return None
        return content if content is not None and bundle_digest(content) == digest else None


def _content_name(slot: int) -> str:
    return f"carried/{slot}"


def _answer_name(slot: int) -> str:
    return f"carried/{slot}/answer"
