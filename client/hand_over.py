"""Another way home: what waits as a sealed file, and colleagues' files on their way through."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence

from client.device import Device, SettingsError, StorageFullError, UnsealError
from client.status import (
    CarriedBundle,
    CarriedState,
    ExportedFile,
    FileTaken,
    HandedOver,
    Problem,
)
from client.store.bundles import BundlePlace, BundleStore, KeptBundle, NoPlaceError
from client.store.holdings import Holdings
from client.sync.bundles import BundleSync
from client.sync.enrolling import facts_of
from client.sync.exchange import NoAnswerError
from client.sync.round import Round
from client.sync.sealing import ForeignAnswerError, make_bundle, open_answer
from shared.domain.refusals import RefusedError
from shared.wire.bundles import (
    FileKind,
    SealedFile,
    UnreadableFileError,
    bundle_digest,
    read_file,
)
from shared.wire.schemas import instant_from_ms

__all__ = ["HandOver"]

_log = logging.getLogger(__name__)

_STATES = {
    BundlePlace.WAITING: CarriedState.WAITING,
    BundlePlace.EARLIER: CarriedState.EARLIER,
    BundlePlace.ANSWERED: CarriedState.ANSWERED,
    BundlePlace.REFUSED: CarriedState.REFUSED,
}
_LABEL_LENGTH = 6


class HandOver:
    """The files of open holdings, out and in.

    Every failure that a person can be told about is a `RefusedError`.
    """

    def __init__(  # noqa: PLR0913 - what it brings together
        self,
        device: Device,
        holdings: Holdings,
        store: BundleStore,
        *,
        a_round: Round,
        sync: BundleSync,
        alone: Callable[[Awaitable[object]], Awaitable[object]],
        on_change: Callable[[], None],
    ) -> None:
        """Carry in *store* what *sync* brings to the server.

        *alone* awaits something while no round of sync runs.
        """
        self._device = device
        self._holdings = holdings
        self._store = store
        self._round = a_round
        self._sync = sync
        self._alone = alone
        self._on_change = on_change
        self._handed_over: HandedOver | None = None

    async def load(self) -> None:
        """Read when something was handed over last; when that is lost, nothing else is."""
        try:
            content = await self._device.settings.get(self._note_name)
            kept = None if content is None else json.loads(content)
            if kept is not None:
                at = instant_from_ms(kept["at"])
                self._handed_over = HandedOver(at=at, last=int(kept["last"]))
        except (SettingsError, ValueError, TypeError, KeyError, OverflowError):
            _log.exception("the note of the last bundle can't be read")

    @property
    def handed_over(self) -> HandedOver | None:
        """When a bundle was saved last, and up to which record; None when all of it is settled."""
        note = self._handed_over
        waiting = self._holdings.outbox.waiting()
        return note if note and any(entry.seq <= note.last for entry in waiting) else None

    async def export(self) -> ExportedFile:
        """Return what waits as a file that the server alone can read; all of it stays waiting.

        Raises:
            RefusedError: `nothing-waits`, `no-sealing-key`, `storage-full`.
        """
        enrolment = self._round.enrolment
        outbox = self._holdings.outbox
        if not outbox.waiting():
            raise RefusedError("nothing-waits")
        if not enrolment.sealing_key:
            raise RefusedError("no-sealing-key")
        try:
            made = await make_bundle(self._device, enrolment, outbox)
        except StorageFullError as error:  # Where there was no key for answers yet.
            raise RefusedError("storage-full") from error
        if made is None:
            raise RefusedError("nothing-waits")
        # The server may know them from now on: a journal that loses its end must remember.
        await self._holdings.mark_sent(made.last)
        return ExportedFile(
            label=_label(bundle_digest(made.content)),
            content=made.content,
            records=made.count,
            last=made.last,
            left_out=len(outbox.waiting()) - made.count,
        )

    async def note_exported(self, made: ExportedFile) -> None:
        """Note that *made* was saved."""
        at = self._device.clock.wall_ms()
        self._handed_over = HandedOver(at=instant_from_ms(at), last=made.last)
        with contextlib.suppress(StorageFullError):  # A full phone must be able to hand over.
            content = json.dumps({"at": at, "last": made.last}).encode()
            await self._device.settings.put(self._note_name, content)
        self._on_change()

    async def take(self, content: bytes) -> FileTaken:
        """Take in a file that somebody has given: a colleague's bundle, or an answer to one's own.

        Raises:
            RefusedError: `bundle-unreadable`, `bundle-too-new`, `bundle-too-large`,
                `bundle-foreign`, `bundle-tray-full`, `answer-foreign`, `storage-full`.
        """
        try:
            file = read_file(content)
        except UnreadableFileError as error:
            raise RefusedError(error.slug) from error
        if file.kind is FileKind.ANSWER:
            return await self._take_answer(file)
        try:
            kept = await self._store.keep(content)
        except NoPlaceError as error:
            raise RefusedError("bundle-tray-full") from error
        except StorageFullError as error:
            raise RefusedError("storage-full") from error
        self._on_change()
        self._sync.wake()
        return FileTaken(bundle=_carried(kept))

    def carried(self) -> Sequence[CarriedBundle]:
        """Return the colleagues' bundles that are here, the latest first."""
        kept = sorted(self._store.bundles.values(), key=lambda bundle: -bundle.taken_at)
        return [_carried(bundle) for bundle in kept]

    async def answer(self, digest: str) -> ExportedFile:
        """Return the answer to a colleague's bundle as a file that only their phone can read.

        Raises:
            RefusedError: `bundle-unreadable`: it can't be read back; the bundle's origin makes
                another one.
        """
        kept = self._store.bundles.get(digest)
        content = None if kept is None else await self._store.answer(kept)
        if content is None:
            raise RefusedError("bundle-unreadable")
        return ExportedFile(label=_label(digest), content=content)

    async def note_handed_back(self, digest: str) -> None:
        """Note that the answer to a colleague's bundle was saved."""
        # It was saved: without the note it is only offered once more.
        with contextlib.suppress(StorageFullError):
            await self._store.note_handed_back(digest)
        self._on_change()

    async def drop(self, digest: str) -> None:
        """Forget a colleague's bundle.

        Raises:
            RefusedError: `storage-full`: not even its deletion could be noted.
        """
        try:
            await self._store.drop(digest)
        except StorageFullError as error:
            raise RefusedError("storage-full") from error
        finally:
            self._on_change()

    async def _take_answer(self, file: SealedFile) -> FileTaken:
        try:
            answer = await open_answer(self._device.keys, self._round.enrolment, file)
        except ForeignAnswerError as error:
            raise RefusedError("answer-foreign") from error
        except UnsealError as error:
            raise RefusedError("bundle-unreadable") from error
        news = 0

        async def keep() -> None:
            nonlocal news
            news = len(await self._round.take_answer(answer))

        try:
            await self._alone(keep())
        except NoAnswerError as error:
            _log.warning("an answer was not believed: %s", error)
            raise RefusedError("bundle-unreadable") from error
        except StorageFullError as error:
            raise RefusedError("storage-full") from error
        problem = None
        if answer.problem is not None:
            slug = str(answer.problem.get("type", "")).removeprefix("/problems/")
            problem = Problem(slug, facts_of(answer.problem))
        return FileTaken(settled=news, problem=problem)

    @property
    def _note_name(self) -> str:
        return f"handed-over/{self._round.enrolment.device}"


def _carried(bundle: KeptBundle) -> CarriedBundle:
    return CarriedBundle(
        digest=bundle.digest,
        label=_label(bundle.digest),
        state=_STATES[bundle.place],
        taken_at=instant_from_ms(bundle.taken_at),
        problem=Problem(bundle.slug) if bundle.slug else None,
        has_answer=bool(bundle.answer),
        is_handed_back=bundle.is_handed_back,
    )


def _label(digest: str) -> str:
    """Return by what two people can tell a bundle and its answer among others."""
    return digest[:_LABEL_LENGTH].upper()
