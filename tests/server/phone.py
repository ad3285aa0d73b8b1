"""A phone for tests: keys, a journal in memory, and real HTTP; it knows the protocol alone."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.clock import Clock, SystemClock
from shared.canonical import Json, canonical_bytes
from shared.ids import new_id
from shared.wire.envelope import (
    APP_VERSION,
    DEVICE_HEADER,
    ENROL_PATH,
    GENERATION_HEADER,
    SIGNATURE_HEADER,
    SYNC_PATH,
    OpState,
    signed_message,
    to_base64url,
)
from shared.wire.mutations import MUTATIONS
from shared.wire.rows import TABLES, decode_row, encode
from shared.wire.schemas import instant_ms

BOOT = "test-boot"


class ProblemReceived(AssertionError):
    """The server answered with a problem that the test did not expect."""


@dataclass
class Phone:
    """One enrolled device of one person.

    Attributes:
        rows: By table and id, what the server sent: revision and row.
        results: By sequence, what became of each op.
    """

    url: str
    code: str
    label: str = "test phone"
    clock: Clock = field(default_factory=SystemClock)
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    device: int = 0
    staff_id: str = ""
    generation: str = ""
    seq: int = 0
    waiting: list[dict[str, Json]] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    rows: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    results: dict[int, dict[str, Any]] = field(default_factory=dict)
    anchor: dict[str, Json] | None = None

    def enrol(self) -> Phone:
        """Bind the key to the person whose code it is."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        body = {
            "code": self.code,
            "public_key": to_base64url(point),
            "label": self.label,
            "app": APP_VERSION,
        }
        status, answer = self._post(ENROL_PATH, canonical_bytes(body), {})
        if status != 200:
            raise ProblemReceived(status, answer)
        self.device = answer["device"]
        self.generation = answer["generation"]
        self.staff_id = answer["staff"]["id"]
        return self

    def new_id(self) -> str:
        """Return a new id for an object of the next op."""
        return new_id(self.device, self.seq + 1)

    def record(self, name: str, args: object) -> int:
        """Journal an op with what this phone knows; it waits for the next sync."""
        self.waiting.append(self.op(name, encode(args)))
        return self.seq

    def op(self, name: str, values: Json) -> dict[str, Json]:
        """Return the next op of this phone, right or wrong; nothing is kept of it."""
        self.seq += 1
        members = list(values.values()) if isinstance(values, dict) else []
        named = {value for value in members if isinstance(value, str)}
        for value in members:
            if isinstance(value, list):
                named |= {member for member in value if isinstance(member, str)}
        return {
            "seq": self.seq,
            "name": name,
            "v": MUTATIONS[name].version,
            "args": values,
            "base": {
                row_id: revision
                for (_, row_id), (revision, _) in self.rows.items()
                if row_id in named
            },
            "by": self.staff_id,
            "clock": self._clock(),
        }

    def sync(self) -> None:
        """Send what waits, and pull until there is no more."""
        ops = self.waiting
        while True:
            answer = self.exchange(ops)
            self._apply(answer)
            self.waiting, ops = [], []
            if not answer["more"]:
                return

    def exchange(self, ops: list[dict[str, Json]]) -> dict[str, Any]:
        """Send one sync request with *ops*, and return the answer."""
        status, answer = self.send_sync(ops)
        if status != 200:
            raise ProblemReceived(status, answer)
        return answer

    def send_sync(
        self, ops: list[dict[str, Json]], *, limit: int = 200_000
    ) -> tuple[int, dict[str, Any]]:
        """Send one sync request; return its status and body, whatever they are."""
        return self.post_signed(SYNC_PATH, canonical_bytes(self.request(ops, limit=limit)))

    def request(self, ops: list[dict[str, Json]], *, limit: int = 200_000) -> dict[str, Json]:
        """Return what a sync with *ops* asks."""
        return {
            "app": APP_VERSION,
            "clock": self._clock(),
            "acked": max(self.results, default=0),
            "ops": list(ops),
            "open": [],
            "cursors": dict(self.cursors),
            "limit": limit,
        }

    def post_signed(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Send *body* as it is; return status and answer."""
        return self._post(path, body, self.signed_headers("POST", path, body))

    def signed_headers(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """Return the headers that prove who sends this request."""
        message = signed_message(method, path, body, device=self.device, generation=self.generation)
        der = self.key.sign(message, ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        return {
            DEVICE_HEADER: str(self.device),
            GENERATION_HEADER: self.generation,
            SIGNATURE_HEADER: to_base64url(r.to_bytes(32) + s.to_bytes(32)),
        }

    def do(self, name: str, args: object) -> dict[str, Any]:
        """Record one op, sync, and return its result, which must be good."""
        result = self.attempt(name, args)
        if result["state"] != OpState.OK:
            raise ProblemReceived(name, result)
        return result

    def attempt(self, name: str, args: object) -> dict[str, Any]:
        """Record one op, sync, and return its result, good or bad."""
        seq = self.record(name, args)
        self.sync()
        return self.results[seq]

    def held(self, table: type) -> list[Any]:
        """Return the rows of *table* that the phone holds, by id."""
        name = table.TABLE  # type: ignore[attr-defined]
        return [row for (kept, _), (_, row) in sorted(self.rows.items()) if kept == name]

    def row(self, table: type, row_id: str) -> Any:
        """Return one row that the phone holds."""
        name = table.TABLE  # type: ignore[attr-defined]
        return self.rows[name, row_id][1]

    def _clock(self) -> dict[str, Json]:
        clock: dict[str, Json] = {
            "wall": instant_ms(self.clock.now()),
            "mono": int(self.clock.elapsed_s() * 1000),
            "boot": BOOT,
        }
        if self.anchor is not None:
            clock["anchor"] = self.anchor
        return clock

    def _apply(self, answer: Mapping[str, Any]) -> None:
        self.anchor = {
            "server": answer["server_time"],
            "mono": int(self.clock.elapsed_s() * 1000),
            "boot": BOOT,
        }
        for result in answer["results"]:
            self.results[result["seq"]] = result
        for table, members in answer["rows"].items():
            for revision, values in members:
                if table in TABLES:
                    self.rows[table, values["id"]] = (revision, decode_row(table, values))
        for table, ids in answer["gone"].items():
            for row_id in ids:
                self.rows.pop((table, row_id), None)
        self.cursors.update(answer["cursors"])

    def _post(
        self, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        address = urlsplit(self.url)
        assert address.hostname is not None
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()
