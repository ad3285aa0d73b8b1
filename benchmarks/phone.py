"""A phone that says what it has to say beforehand, so that only the server's work is timed."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from flask import Flask

from benchmarks.county import Field, Person
from server.models.sync import EnrolledDeviceModel
from shared.canonical import Json
from shared.domain.points import ApprovePoints
from shared.ids import make_id
from shared.wire.compact import COMPACT, pack, unpack
from shared.wire.envelope import (
    APP_VERSION,
    DEVICE_HEADER,
    GENERATION_HEADER,
    SIGNATURE_HEADER,
    SYNC_PATH,
    signed_message,
    to_base64url,
)
from shared.wire.rows import encode
from shared.wire.schemas import instant_ms

__all__ = ["Cost", "Phone"]

PAGE_BYTES = 1_000_000
_ANSWER_BYTES_MAX = 64_000_000
_SALT_BITS = 20


@dataclass(slots=True)
class Cost:
    """What some requests cost the server, and what went over the line."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    requests: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    ops: int = 0
    rows: int = 0

    def add(self, other: Cost) -> None:
        """Add what *other* requests cost."""
        self.cpu_s += other.cpu_s
        self.wall_s += other.wall_s
        self.requests += other.requests
        self.bytes_up += other.bytes_up
        self.bytes_down += other.bytes_down
        self.ops += other.ops
        self.rows += other.rows


@dataclass(slots=True)
class Phone:
    """One person's phone; it keeps cursors and a journal, and nothing else."""

    county: Field
    person: Person
    seq: int = 0
    cursors: dict[str, int] = field(default_factory=dict)
    journal: list[dict[str, Json]] = field(default_factory=list)

    def resume(self) -> None:
        """Begin where the server thinks that this device is, with nothing left to take."""
        session = self.county.session
        enrolled = session.get_one(EnrolledDeviceModel, self.person.device)
        session.refresh(enrolled)
        self.seq = enrolled.last_seq
        session.rollback()
        self.sync()

    def record_leads(self, count: int) -> None:
        """Record what was heard on a round."""
        for _ in range(count):
            salt = self.county.chance.getrandbits(_SALT_BITS)
            lead_id = make_id(self.person.device, self.seq + 1, salt)
            self._record("submit_referral", self.county.lead(self.person, lead_id))

    def approve(self, ids: Sequence[str]) -> None:
        """Approve points, as the branch head who saw them as they were made."""
        self._record("approve_points", ApprovePoints(ids=tuple(ids)), dict.fromkeys(ids, 1))

    def _record(self, name: str, args: object, base: Mapping[str, int] | None = None) -> None:
        self.seq += 1
        now = self.county.services.door.clock.now()
        self.journal.append(
            {
                "seq": self.seq,
                "name": name,
                "v": 1,
                "args": encode(args),
                "base": {**(base or {})},
                "by": self.person.staff.id,
                "clock": {"wall": instant_ms(now), "mono": 1000, "boot": "a"},
            }
        )

    def sync(self) -> Cost:
        """Send what waits, and take page after page until nothing is left."""
        cost = Cost()
        while True:
            waiting, self.journal = self.journal, []
            answer, page = self._ask(waiting)
            cost.add(page)
            self.cursors = answer["cursors"]
            refused = [one for one in answer["results"] if one["state"] != "ok"]
            assert not refused, refused[0]
            if not answer["more"]:
                return cost

    def _ask(self, ops: Sequence[dict[str, Json]]) -> tuple[dict[str, Any], Cost]:
        now = instant_ms(self.county.services.door.clock.now())
        request: dict[str, Any] = {
            "app": APP_VERSION,
            "clock": {"wall": now, "mono": 1000, "boot": "a"},
            "acked": self.seq - len(ops),
            "ops": list(ops),
            "open": [],
            "cursors": self.cursors,
            "limit": PAGE_BYTES,
        }
        body = pack(request)
        environ = self._environ(body)
        started = time.perf_counter(), time.process_time()
        status, answered = _call(self.county.app, environ)
        ended = time.perf_counter(), time.process_time()
        assert status.startswith("200 "), (status, answered[:200])
        answer = cast("dict[str, Any]", unpack(answered, bytes_max=_ANSWER_BYTES_MAX))
        return answer, Cost(
            wall_s=ended[0] - started[0],
            cpu_s=ended[1] - started[1],
            requests=1,
            bytes_up=len(body),
            bytes_down=len(answered),
            ops=len(ops),
            rows=sum(map(len, answer["rows"].values())),
        )

    def _environ(self, body: bytes) -> dict[str, Any]:
        generation = self.county.generation
        message = signed_message(
            "POST", SYNC_PATH, body, device=self.person.device, generation=generation
        )
        signature = self.county.key.sign(message, ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(signature)
        return {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": SYNC_PATH,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": COMPACT,
            "HTTP_ACCEPT": COMPACT,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            _cgi(DEVICE_HEADER): str(self.person.device),
            _cgi(GENERATION_HEADER): generation,
            _cgi(SIGNATURE_HEADER): to_base64url(r.to_bytes(32) + s.to_bytes(32)),
        }


def _cgi(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


def _call(app: Flask, environ: dict[str, Any]) -> tuple[str, bytes]:
    """Call the application as a server does, without one in between."""
    statuses: list[str] = []

    def start(status: str, _headers: Any, _error: Any = None) -> Any:
        statuses.append(status)

    chunks = app.wsgi_app(environ, start)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return statuses[0], body
