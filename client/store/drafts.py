"""Drafts: what was typed and not yet recorded, kept sealed at each change of a field."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from client.device import (
    DeviceKeys,
    SealedItem,
    Settings,
    SettingsError,
    StorageFullError,
    UnsealError,
)
from client.status import Draft
from shared.canonical import Json, MalformedJsonError, canonical_bytes, parse_json
from shared.wire.schemas import instant_from_ms

__all__ = ["Drafts"]

_log = logging.getLogger(__name__)

KEEP_WITHIN_S = 0.25
"""A change is on the device this soon: a kill costs one field at most."""


class Drafts:
    """The drafts of one person, by the name of their form."""

    def __init__(
        self,
        settings: Settings,
        keys: DeviceKeys,
        data_key: bytes,
        wall_ms: Callable[[], int],
        *,
        staff_id: str,
    ) -> None:
        """Keep them in *settings*, sealed under *data_key*; call `load` first."""
        self._settings = settings
        self._keys = keys
        self._data_key = data_key
        self._wall_ms = wall_ms
        self._name = f"drafts/{staff_id}"
        self._drafts: dict[str, tuple[dict[str, Json], int]] = {}
        self._keeping: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Read what was kept; what can't be read is set aside, not overwritten."""
        sealed = None
        try:
            sealed = await self._settings.get(self._name)
            if sealed is None:
                return
            (content,) = await self._keys.unseal(self._data_key, [self._item(sealed)])
            kept = cast("dict[str, Any]", parse_json(content))
            self._drafts = {name: (values, at) for name, (values, at) in kept.items()}
        except (SettingsError, UnsealError, MalformedJsonError):
            _log.exception("drafts can't be read")
            if sealed is not None:
                await self._settings.put(f"{self._name}/damaged", sealed)

    def get(self, name: str) -> Draft | None:
        """Return the draft of that form, or None."""
        kept = self._drafts.get(name)
        return (
            None
            if kept is None
            else Draft(name=name, values=dict(kept[0]), kept_at=instant_from_ms(kept[1]))
        )

    def names(self) -> list[str]:
        """Return the names of all drafts, newest first."""
        return sorted(self._drafts, key=lambda name: self._drafts[name][1], reverse=True)

    def keep(self, name: str, values: Mapping[str, Json]) -> None:
        """Keep *values* as the draft of that form, within a quarter of a second.

        Put the id made for the record under `id`: once it is recorded, the draft is forgotten.
        """
        self._drafts[name] = (dict(values), self._wall_ms())
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.ensure_future(self._keep_soon())

    async def discard(self, name: str) -> None:
        """Forget the draft of that form."""
        if self._drafts.pop(name, None) is not None:
            await self._flush_if_possible()

    async def erase(self, marks: Iterable[str]) -> None:
        """Forget the drafts that hold one of *marks*: an id, a number; and the unreadable ones.

        Raises:
            StorageFullError: They are forgotten until the app is closed; to be tried again.
        """
        sought = tuple(marks)
        for name, (values, _) in list(self._drafts.items()):
            text = canonical_bytes({name: values}).decode()
            if any(mark in text for mark in sought):
                del self._drafts[name]
        await self._settings.delete(f"{self._name}/damaged")
        await self.flush()

    async def discard_recorded(self, is_recorded: Callable[[str], bool]) -> None:
        """Forget the drafts whose record was saved just before the app was killed."""
        for name, (values, _) in list(self._drafts.items()):
            row_id = values.get("id")
            if isinstance(row_id, str) and is_recorded(row_id):
                await self.discard(name)

    async def flush(self) -> None:
        """Keep all drafts now."""
        content = canonical_bytes({name: [*kept] for name, kept in self._drafts.items()})
        (sealed,) = await self._keys.seal(self._data_key, [self._item(content)])
        await self._settings.put(self._name, sealed)

    async def close(self) -> None:
        """Keep what the last moment brought."""
        if self._keeping is not None and not self._keeping.done():
            self._keeping.cancel()
            await self._flush_if_possible()

    async def _keep_soon(self) -> None:
        await asyncio.sleep(KEEP_WITHIN_S)
        await self._flush_if_possible()

    async def _flush_if_possible(self) -> None:
        try:
            await self.flush()
        except StorageFullError:
            # The form goes on; saving the record itself will say that there is no room.
            _log.warning("no room to keep the drafts")

    def _item(self, content: bytes) -> SealedItem:
        return SealedItem(self._name.encode(), content)
