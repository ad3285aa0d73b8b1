"""Phones that speak the protocol to a server that keeps dying, and what they were told."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.canonical import Json
from shared.domain.customer import CustomerKind
from shared.domain.people import Staff
from shared.domain.points import ApprovePoints, PointsEntry, PointsStatus
from shared.domain.referral import (
    Interest,
    LeadSource,
    NamedReferral,
    Need,
    Referral,
    ReferralMode,
    ReferralStatus,
    SubmitReferral,
)
from shared.wire.envelope import OpState
from tests.faults.luck import luck
from tests.server.field_county import HEAD, MANAGER, POSTMAN, VILLAGE
from tests.server.phone import Phone

__all__ = ["Crew", "StubbornPhone"]

_NO_ANSWER = (OSError, http.client.HTTPException, json.JSONDecodeError)
OK = 200
APPROVED_AT_ONCE = 20


@dataclass
class StubbornPhone:
    """One phone that asks again until it is answered.

    Attributes:
        told: By sequence, the answer that it got.
        sent: By sequence, the op as it was journalled.
        asked: Ids of what it has decided on already.
        unanswered: Tries that ended without one, by what came instead.
    """

    phone: Phone
    rng: random.Random
    told: dict[int, dict[str, Any]] = field(default_factory=dict)
    unanswered: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    sent: dict[int, dict[str, Json]] = field(default_factory=dict)

    def sync(self, deadline_s: float) -> bool:
        """Send what waits and pull, until all is answered; tell whether it was."""
        ops = self.phone.waiting
        self.sent |= {int(str(op["seq"])): op for op in ops}
        while time.perf_counter() < deadline_s:
            try:
                status, answer = self.phone.send_sync(ops)
            except _NO_ANSWER as error:
                self._wait(type(error).__name__)
                continue
            if status != OK:
                if status < 500:
                    self.faults.append(f"device {self.phone.device}: {status} {answer}")
                    return False
                self._wait(str(status))
                continue
            self._take(answer)
            self.phone.waiting = ops = []
            if not answer["more"]:
                return True
        return False

    def _take(self, answer: dict[str, Any]) -> None:
        for result in answer["results"]:
            before = self.told.get(result["seq"])
            if before is not None and before["receipt"] != result["receipt"]:
                self.faults.append(f"op {result['seq']} was answered in two ways")
            if result["state"] != OpState.OK:
                self.faults.append(f"op {result['seq']}: {result['state']} {result.get('problem')}")
            self.told[result["seq"]] = result
        self.phone._apply(answer)

    def _wait(self, why: str) -> None:
        self.unanswered[why] += 1
        time.sleep(self.rng.uniform(0.005, 0.04))


@dataclass
class Crew:
    """Postmen who record, a wealth manager who accepts, a branch head who approves."""

    url: str
    code_for: Callable[[Staff], str]
    seed: int
    postmen: int
    phones: list[StubbornPhone] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def enrol(self) -> None:
        """Enrol all phones, while the server still stands."""
        for staff in [*[POSTMAN] * self.postmen, MANAGER, HEAD]:
            self.add(staff)

    def add(self, staff: Staff) -> StubbornPhone:
        phone = Phone(self.url, self.code_for(staff), label="phone").enrol()
        made = StubbornPhone(phone, luck(self.seed, len(self.phones)))
        self.phones.append(made)
        return made

    def start(self) -> None:
        """Let each phone work in a thread of its own, until `stop`."""
        *postmen, manager, head = self.phones
        works = [(self._record, one) for one in postmen]
        works += [(self._accept, manager), (self._approve, head)]
        for work, phone in works:
            thread = threading.Thread(target=self._run, args=(work, phone), daemon=True)
            thread.start()
            self._threads.append(thread)

    def finish(self, within_s: float) -> None:
        """Stop, and let every phone get its last answer."""
        self.stop.set()
        for thread in self._threads:
            thread.join(within_s)
        for one in self.phones:
            if not one.faults and not one.sync(time.perf_counter() + within_s):
                one.faults.append(f"device {one.phone.device} gets no answer any more")

    def _run(self, work: Any, one: StubbornPhone) -> None:
        try:
            while not self.stop.is_set() and not one.faults:
                work(one)
                # Until the answer is there: the phone never gives an op up.
                while not one.sync(time.perf_counter() + 1) and not (
                    self.stop.is_set() or one.faults
                ):
                    continue
        except Exception as error:  # noqa: BLE001 - a thread's failure must not go unseen
            one.faults.append(f"device {one.phone.device}: {error!r}")

    def _record(self, one: StubbornPhone) -> None:
        if one.phone.waiting:
            return
        for _ in range(one.rng.choice((1, 1, 1, 2, 5))):
            one.phone.record("submit_referral", submitted(one.phone, one.rng))

    def _accept(self, one: StubbornPhone) -> None:
        if one.phone.waiting:
            return
        for row in one.phone.held(Referral):
            if row.status is ReferralStatus.ROUTED and row.id not in one.asked:
                one.phone.record("accept_referral", NamedReferral(id=row.id))
                one.asked.add(row.id)

    def _approve(self, one: StubbornPhone) -> None:
        if one.phone.waiting:
            return
        pending = [
            row.id for row in one.phone.held(PointsEntry) if row.status is PointsStatus.PENDING
        ]
        if pending:
            some = ApprovePoints(ids=tuple(pending[:APPROVED_AT_ONCE]))
            one.phone.record("approve_points", some)


def submitted(phone: Phone, rng: random.Random) -> SubmitReferral:
    """Return a lead of this phone's next op."""
    return SubmitReferral(
        id=phone.new_id(),
        kind=CustomerKind.FARMER,
        source=LeadSource.VILLAGE,
        need=Need.DEPOSIT,
        interest=Interest.HIGH,
        mode=ReferralMode.INFORMATION,
        consent=True,
        customer_name=f"客户{phone.device}-{phone.seq + 1}",
        phone=f"139{rng.randrange(10**8):08}",
        village_id=VILLAGE.id,
    )
