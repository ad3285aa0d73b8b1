"""The other way home in memory: what a screen asked for is noted."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

from client.status import CarriedBundle, CarriedState, ExportedFile, FileTaken, HandedOver

TAKEN_AT = dt.datetime(2026, 11, 23, 0, 30, tzinfo=dt.UTC)


def carried_bundle(**changes: object) -> CarriedBundle:
    """Return a colleague's bundle that waits for the network."""
    bundle = CarriedBundle(
        digest="ab12cd" + "0" * 58, label="AB12CD", state=CarriedState.WAITING, taken_at=TAKEN_AT
    )
    return dataclasses.replace(bundle, **changes)  # type: ignore[arg-type]


class FakeHandOver:
    """The hand-over of a `FakeField`."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self.handed_over: HandedOver | None = None
        self.bundles: list[CarriedBundle] = []
        self.taken: list[bytes] = []
        self.dropped: list[str] = []
        self.left_out = 0
        self.records = 3
        self.turns_out_to_be = FileTaken(bundle=carried_bundle())
        self.failure: Exception | None = None  # Raised by whatever is called next.

    async def export(self) -> ExportedFile:
        self._fail()
        return ExportedFile(
            label="9F00AA", content=b"sealed", records=self.records, left_out=self.left_out
        )

    async def note_exported(self, made: ExportedFile) -> None:
        self.handed_over = HandedOver(at=TAKEN_AT, last=made.last)
        self._on_change()

    async def take(self, content: bytes) -> FileTaken:
        self._fail()
        self.taken.append(content)
        if self.turns_out_to_be.bundle is not None:
            self.bundles = [self.turns_out_to_be.bundle]
        self._on_change()
        return self.turns_out_to_be

    def carried(self) -> list[CarriedBundle]:
        return list(self.bundles)

    async def answer(self, digest: str) -> ExportedFile:
        self._fail()
        (bundle,) = [one for one in self.bundles if one.digest == digest]
        return ExportedFile(label=bundle.label, content=b"sealed answer")

    async def note_handed_back(self, digest: str) -> None:
        self.bundles = [
            dataclasses.replace(one, is_handed_back=one.digest == digest or one.is_handed_back)
            for one in self.bundles
        ]
        self._on_change()

    async def drop(self, digest: str) -> None:
        self.dropped.append(digest)
        self.bundles = [one for one in self.bundles if one.digest != digest]
        self._on_change()

    def _fail(self) -> None:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
