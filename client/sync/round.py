"""One round of sync: request after request until nothing waits and no page is left."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from client.device import Device
from client.store.enrolment import Enrolment, keep_enrolment
from client.store.holdings import Holdings
from client.store.replica import Page
from client.store.sealed import Result
from client.store.timekeeping import Timekeeper
from client.sync.answer import Answer, check_receipts, read_answer
from client.sync.exchange import NoAnswerError, ServerRefusedError, exchange_signed
from client.sync.pace import Pace
from client.sync.sealing import BundleAnswer, announced_point, known_point
from shared.canonical import Json
from shared.domain.moment import day_at_outlet
from shared.wire.envelope import APP_VERSION, SYNC_PATH, OpState
from shared.wire.rows import encode
from shared.wire.schemas import instant_from_ms, instant_ms

__all__ = ["Round"]

_log = logging.getLogger(__name__)

OPS_MAX = 200
OPS_BYTES_MAX = 96_000
ROWS_BYTES_MAX = 200_000
OPEN_MAX = 200
LISTENS_S = 25
RESTARTS_MAX = 3
_BATCH_REFUSED = frozenset({400, 413, 422})


class Round:
    """What the device and the server still owe each other, settled step by step."""

    def __init__(
        self,
        device: Device,
        enrolment: Enrolment,
        holdings: Holdings,
        time: Timekeeper,
        *,
        on_step: Callable[[Enrolment], Awaitable[None]],
    ) -> None:
        """Settle for *holdings*; *on_step* is awaited after each answer."""
        self._device = device
        self._holdings = holdings
        self._outbox = holdings.outbox
        self._replica = holdings.replica
        self._time = time
        self._on_step = on_step
        self._restarts = 0
        self._pace = Pace()
        self.enrolment = enrolment
        self.pages = 0

    async def run(self) -> None:
        """Send all that waits and fetch all that is new.

        Raises:
            NoAnswerError: Try again later; what was settled stays settled.
            ServerRefusedError: The server refuses the device as a whole.
            StorageFullError: The device has no room for an answer; it will be given again.
            JournalPositionTakenError: Another copy of the app is at work.
        """
        self.pages = 0
        self._restarts = 0
        if self._holdings.owes_past:
            await self._holdings.settle_past()
        ops_max = OPS_MAX
        gap: int | None = None
        while True:
            ops = await self._outbox.batch(
                count_max=ops_max, bytes_max=self._pace.share(OPS_BYTES_MAX)
            )
            try:
                is_done = await self._step(ops)
            except ServerRefusedError as error:
                last = error.members.get("last")
                if error.slug == "sequence-gap" and isinstance(last, int) and last != gap:
                    gap = last
                    self._offer_again(last)
                    continue
                # One op that the server can't even read must not hold back those before it.
                if error.status not in _BATCH_REFUSED or len(ops) <= 1:
                    raise
                ops_max = max(1, len(ops) // 2)
                continue
            if is_done:
                await self._holdings.compact()
                return

    @property
    def may_listen(self) -> bool:
        """Whether the link is good enough to keep a request waiting on it."""
        return self._pace.is_good

    async def listen(self) -> bool:
        """Wait at the server for news, some seconds; tell whether there is some.

        Nothing of the answer is kept: a round fetches it. So this may run beside one.
        """
        cursors = self._replica.cursors
        request: dict[str, Json] = {
            "app": APP_VERSION,
            "acked": self._outbox.acked,
            "ops": [],
            "open": [],
            "cursors": {**cursors},
            "limit": 1,
            "wait": LISTENS_S,
        }
        try:
            values = await exchange_signed(self._device, self.enrolment, SYNC_PATH, request)
            answer = read_answer(values)
        except (NoAnswerError, ServerRefusedError):
            return False
        is_new_life = answer.generation != self.enrolment.generation
        return is_new_life or any((answer.rows, answer.gone, answer.reset, answer.more))

    async def _step(self, ops: list[Mapping[str, Json]]) -> bool:
        """Send one request and take its answer; tell whether the round is over."""
        lost = [entry.seq for entry in self._outbox.waiting() if entry.is_lost]
        asked = [*lost, *self._outbox.open_sequences()][:OPEN_MAX]
        cursors = self._replica.cursors
        request = await self._request(ops, asked)
        if ops:
            await self._holdings.mark_sent(cast("int", ops[-1]["seq"]))
        values = await self._exchanged(request)
        answer = read_answer(values)
        await check_receipts(answer, self.enrolment, self._outbox, self._device.keys)
        await self._time.drop_anchor(answer.server_time)
        await self._keep_sealing_key(values)
        news = await self._outbox.keep_results(answer.results)
        restarted = await self._follow_restore(answer, cursors)
        settled = await self._settle_lost(answer, asked)
        if answer.erase is not None:
            order = answer.erase
            await self._holdings.erase(answer.generation, order.upto, order.ops, order.objects)
        if not restarted:
            await self._take_rows(answer)
            await self._outbox.prune(answer.keep_from, answer.server_time)
            restarted = self._checked_wrong(answer)
        await self._on_step(self.enrolment)
        if restarted or settled:
            return False
        if not answer.more and not self._outbox.waiting():
            return True
        goes_on = bool(news) or self._replica.cursors != cursors
        if not goes_on and (ops or answer.more):
            # The same question would get the same answer.
            raise NoAnswerError("the server has more to do but does not go on")
        return False  # There is more; or something was recorded while the answer came.

    async def _request(
        self, ops: Sequence[Mapping[str, Json]], asked: Sequence[int]
    ) -> dict[str, Json]:
        request: dict[str, Json] = {
            "app": APP_VERSION,
            "clock": encode(self._time.reading()),
            "acked": self._outbox.acked,
            "ops": [dict(op) for op in ops],
            "open": [*asked],
            "cursors": {**self._replica.cursors},
            "limit": self._pace.share(ROWS_BYTES_MAX),
        }
        if obeyed := await self._holdings.obeyed(self.enrolment.generation):
            request["erased"] = obeyed
        if self._replica.is_check_due(instant_ms(self._time.now())):
            request["check"] = True
        if "check" in request or not self.enrolment.sealing_key:
            # Once a day, and at once by whoever has none.
            request["sealing"] = known_point(self.enrolment.sealing_key)
        promises = self._outbox.promises(ops)
        if promises:
            request["answered"] = promises
        return request

    async def take_answer(self, answer: BundleAnswer) -> list[Result]:
        """Keep what the server has answered to a bundle; return what was news of it.

        What it has lost meanwhile (it was restored) is offered again by the next bundle, unless
        this device has heard from it since: then it knows better.

        Raises:
            NoAnswerError: A receipt is not the server's word on what this device has recorded.
            StorageFullError: Nothing was kept.
        """
        await check_receipts(answer, self.enrolment, self._outbox, self._device.keys)
        news = await self._outbox.keep_results(answer.results)
        heard = self._time.anchor
        is_latest_word = heard is None or answer.server_time > heard.server
        if is_latest_word and answer.last < self._outbox.acked:
            self._offer_again(answer.last)
        await self._on_step(self.enrolment)
        return news

    async def _keep_sealing_key(self, values: Mapping[str, Json]) -> None:
        """Take the point for bundles that the server has named, if it has really signed it."""
        known = self.enrolment
        point = await announced_point(self._device.keys, known.server_key, values)
        if point is not None and point != known.sealing_key:
            self.enrolment = replace(known, sealing_key=point)
            await keep_enrolment(self._device.settings, self.enrolment)

    def _demand_sole(self, answer: Answer) -> None:
        """Make sure that nobody else sends under this device's number.

        What was sent from here is in the journal, or counted beside it, or noted before it went.
        To be called before the answer's generation is kept: later ones don't tell what is known.

        Raises:
            ServerRefusedError: `forked`: another copy of this installation has sent more, or, after
                a restore, something else. Two of them that took turns would never send the same
                sequence twice, and so never be told.
        """
        if answer.last >= self._outbox.next_sequence or self._outbox.differs(answer.known):
            raise ServerRefusedError("forked", 409, {"last": answer.last})

    async def _exchanged(self, request: Mapping[str, Json]) -> dict[str, Json]:
        clock, pace = self._device.clock, self._pace
        begun_ms = clock.monotonic_ms()
        # Rows come deflated, to about a fifth.
        bytes_down = pace.share(ROWS_BYTES_MAX) // 5
        try:
            values = await exchange_signed(
                self._device,
                self.enrolment,
                SYNC_PATH,
                request,
                timeout_s=lambda bytes_up: pace.timeout_s(bytes_up, bytes_down),
            )
        except NoAnswerError:
            pace.failed()
            raise
        pace.came((clock.monotonic_ms() - begun_ms) / 1000)
        return values

    async def _follow_restore(self, answer: Answer, cursors: Mapping[str, int]) -> bool:
        """Begin anew with a server that was restored, or whose scopes begin anew.

        Returns:
            Whether the rows of *answer* are of no use: all are fetched again.
        """
        self._demand_sole(answer)
        restarted = False
        if answer.last < self._outbox.acked:
            self._offer_again(answer.last)
            restarted = True
        elif broken := self._outbox.accepted_of(answer.refused):
            # It came there without the receipt that this phone has; it goes again with it.
            self._offer_again(min(broken) - 1)
            restarted = True
        if answer.generation != self.enrolment.generation:
            earlier = answer.earlier or {}
            self.enrolment = replace(self.enrolment, generation=answer.generation, earlier=earlier)
            self._replica.begin_rebuild()
            await keep_enrolment(self._device.settings, self.enrolment)
            await self._holdings.follow(answer.generation, earlier)
            restarted = True
        elif self._begins_anew(answer, cursors):
            self._replica.begin_rebuild()
            restarted = True
        self._restarts += restarted
        if self._restarts > RESTARTS_MAX:
            # Two servers that answer in turn, one of them restored: not to be followed for ever.
            raise NoAnswerError("the server begins anew again and again")
        return restarted

    def _begins_anew(self, answer: Answer, cursors: Mapping[str, int]) -> bool:
        """Tell whether rows are missing that no answer would bring by itself."""
        today = day_at_outlet(instant_from_ms(answer.server_time))
        is_reset = any(cursors.get(scope, 0) > 0 for scope in answer.reset)
        return is_reset or self._replica.has_dropped_early(today)

    def _checked_wrong(self, answer: Answer) -> bool:
        """Begin the rows anew when they are not those that the server means."""
        if answer.sums is None or answer.more:
            return False
        if self._replica.check(answer.sums, answer.server_time):
            return False
        self._replica.begin_rebuild()
        return True

    def _offer_again(self, last: int) -> None:
        """Send again what a restored server lost; its cursors mean something else by now too."""
        _log.warning("the server knows ops up to %d only", last)
        self._outbox.offer_again(last)
        self._replica.lower_applied(last)
        self._replica.begin_rebuild()

    async def _settle_lost(self, answer: Answer, asked: list[int]) -> bool:
        """Find out, for ops whose record is damaged, what becomes of their sequence."""
        settled = False
        for entry in self._outbox.waiting():
            if not entry.is_lost:
                continue
            if entry.seq > answer.last:
                # The server has never seen it: something must take its place in the queue.
                is_erased = entry.record is not None and entry.record.is_ordered_away
                lost = self._holdings.lost_record(is_erased=is_erased)
                promise = entry.promise if is_erased else None
                await self._outbox.append(lost, seq=entry.seq, promise=promise)
                settled = True
            else:
                if entry.seq in asked:
                    # The server has it, and says no more about it.
                    entry.result = Result(seq=entry.seq, state=OpState.OK)
                settled = True  # Else it is asked for next.
        return settled

    async def _take_rows(self, answer: Answer) -> None:
        await self._holdings.take_page(
            Page(
                rows=answer.rows,
                gone=answer.gone,
                cursors=answer.cursors,
                scopes=answer.scopes,
                applied=min(self._outbox.acked, answer.last),
                received=answer.last,
                is_last=not answer.more,
            )
        )
        self.pages += 1
