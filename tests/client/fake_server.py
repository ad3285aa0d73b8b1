"""A server in memory that follows docs/protocol.md, and misbehaves on demand.

It runs the real rules over its rows, signs real receipts and checks real signatures; it has one
scope, and no routing. What only the real server can show is tested against the real one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from client.device import HttpReply, NetworkUnreachableError
from shared.canonical import canonical_bytes
from shared.domain.moment import Moment
from shared.domain.people import Actor, Role, Staff, actor_of
from shared.domain.refusals import RefusedError
from shared.domain.rows import Row
from shared.ids import make_id
from shared.wire.compact import COMPACT, unpack
from shared.wire.envelope import (
    OpState,
    Receipt,
    from_base64url,
    op_digest,
    receipt_bytes,
    signed_message,
    to_base64url,
)
from shared.wire.mutations import UnknownMutationError, load_args, mutation_named
from shared.wire.problems import problem
from shared.wire.rows import encode
from shared.wire.schemas import instant_from_ms

RowT = TypeVar("RowT", bound=Row)
CODE = "ABCD2345EFGH"
NOW_MS = 1_779_000_000_000  # In May 2026.

POSTMAN = Staff(
    id=make_id(0, 1, 1),
    county_id=make_id(0, 1, 2),
    outlet_id=make_id(0, 1, 3),
    number="P001",
    name="陈大海",
    roles=(Role.POSTMAN,),
)
COLLEAGUE = Staff(
    id=make_id(0, 1, 4),
    county_id=POSTMAN.county_id,
    outlet_id=POSTMAN.outlet_id,
    number="P002",
    name="李小满",
    roles=(Role.POSTMAN,),
)


@dataclass
class _Op:
    digest: str
    result: dict[str, Any]


@dataclass
class FakeServer:
    """The server side of a `client.device.Http`."""

    people: dict[str, Staff] = field(default_factory=lambda: {CODE: POSTMAN})
    generation: str = "g1"
    now_ms: int = NOW_MS
    page_rows_max: int = 1000
    ops_max: int = 1000
    reachable: bool = True
    replace_reply: Callable[[HttpReply], HttpReply | None] | None = None
    """Bends the next reply, once; None cuts the connection after the server has done its work."""
    before: Callable[[str, dict[str, Any]], HttpReply | None] | None = None
    """Sees every request first, and may answer in the server's place."""
    answers_open: bool = True
    """Whether it says how the ops stand that a request asks after."""
    defer: set[str] = field(default_factory=set)
    park: set[str] = field(default_factory=set)
    keep_from: int = 1
    """What it says of its backups: ops before that one need not be kept."""

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.devices: dict[int, tuple[bytes, Staff, str]] = {}
        self.ops: dict[int, dict[int, _Op]] = {}
        self.rows: dict[tuple[str, str], tuple[int, Row | None]] = {}
        self.version = 0
        self.requests: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.put(*{staff.id: staff for staff in [*self.people.values(), COLLEAGUE]}.values())

    # --- As `client.device.Http` ----------------------------------------------------------------

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float
    ) -> HttpReply:
        assert timeout_s > 0
        if not self.reachable:
            raise NetworkUnreachableError("no network")
        is_compact = headers["Content-Type"] == COMPACT
        request: Any = unpack(body, bytes_max=4_000_000) if is_compact else json.loads(body)
        self.requests.append(request)
        self.headers.append(headers)
        early = None if self.before is None else self.before(path, request)
        if early is not None:
            return early
        reply = (
            self._enrol(request)
            if path == "/api/v1/enrol"
            else self._signed(path, body, headers, request)
        )
        if self.replace_reply is not None:
            bend, self.replace_reply = self.replace_reply, None
            bent = bend(reply)
            if bent is None:
                raise NetworkUnreachableError("cut")
            return bent
        return reply

    # --- What a test does to it -------------------------------------------------------------------

    def put(self, *rows: Row) -> None:
        """Make rows known to all devices."""
        for row in rows:
            self.version += 1
            self.rows[row.TABLE, row.id] = (self.version, row)

    def remove(self, row: Row) -> None:
        """Take a row from all devices."""
        self.version += 1
        self.rows[row.TABLE, row.id] = (self.version, None)

    def restore(self, *, ops_up_to: int, generation: str = "g2") -> None:
        """Lose all ops after one, with what they did, as an old backup would."""
        self.generation = generation
        for ops in self.ops.values():
            for seq in [seq for seq in ops if seq > ops_up_to]:
                del ops[seq]
        made = {key for key, (_, row) in self.rows.items() if row and not isinstance(row, Staff)}
        for key in made:
            del self.rows[key]

    # --- As `shared.domain.rows.Rows` --------------------------------------------------------

    def get(self, table: type[RowT], row_id: str) -> RowT | None:
        _, row = self.rows.get((table.TABLE, row_id), (0, None))
        return cast("RowT | None", row)

    def where(self, table: type[RowT], **equal: object) -> list[RowT]:
        found = [
            cast("RowT", row)
            for (name, _), (_, row) in self.rows.items()
            if name == table.TABLE and row is not None
        ]
        return sorted(
            (row for row in found if all(getattr(row, n) == v for n, v in equal.items())),
            key=lambda row: row.id,
        )

    # --- Within --------------------------------------------------------------------------------

    def _enrol(self, request: dict[str, Any]) -> HttpReply:
        staff = self.people.get(request["code"])
        if staff is None:
            return refusal("enrolment-code-wrong", tries_left=4)
        point = from_base64url(request["public_key"])
        known = [
            number
            for number, (key, _, code) in self.devices.items()
            if (key, code) == (point, request["code"])
        ]
        number = known[0] if known else len(self.devices) + 7
        self.devices[number] = (point, staff, request["code"])
        public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return ok(
            device=number,
            generation=self.generation,
            server_key=to_base64url(public),
            server_time=self.now_ms,
            staff=encode(staff),
            earlier=self._earlier(number),
        )

    def _earlier(self, number: int) -> dict[str, int]:
        """Return the last sequences of the phone's other numbers."""
        key = self.devices[number][0]
        others = [one for one, (point, *_) in self.devices.items() if point == key]
        return {str(one): max(self.ops.get(one, {}), default=0) for one in others if one != number}

    def _signed(
        self, path: str, body: bytes, headers: Mapping[str, str], request: dict[str, Any]
    ) -> HttpReply:
        number = int(headers["Liandong-Device"])
        if number not in self.devices:
            return refusal("unauthenticated")
        point, staff, _ = self.devices[number]
        raw = from_base64url(headers["Liandong-Signature"])
        message = signed_message(
            "POST", path, body, device=number, generation=headers["Liandong-Generation"]
        )
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point).verify(
            encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])),
            message,
            ec.ECDSA(hashes.SHA256()),
        )
        return self._sync(number, actor_of(staff), request)

    def _sync(self, number: int, actor: Actor, request: dict[str, Any]) -> HttpReply:
        known = self.ops.setdefault(number, {})
        results = []
        for op in request["ops"][: self.ops_max]:
            seq = op["seq"]
            if seq in known:
                if known[seq].digest != op_digest(op):
                    return refusal("forked")
            elif seq != max(known, default=0) + 1:
                return refusal("sequence-gap", last=max(known, default=0))
            else:
                known[seq] = _Op(op_digest(op), self._run(number, actor, op))
            results.append(known[seq].result)
        if self.answers_open:
            results += [known[seq].result for seq in request["open"] if seq in known]
        cursor = request["cursors"].get("county:1", 0)
        page, gone, reached = self._page(cursor)
        return ok(
            generation=self.generation,
            server_time=self.now_ms,
            last=max(known, default=0),
            keep_from=self.keep_from,
            earlier=self._earlier(number),
            results=results,
            rows=page,
            gone=gone,
            scopes=["county:1"],
            reset=["county:1"] if cursor > self.version else [],
            cursors={"county:1": reached},
            more=reached < self.version,
        )

    def _run(self, number: int, actor: Actor, op: dict[str, Any]) -> dict[str, Any]:
        state, told = OpState.OK, None
        if op["name"] in self.defer:
            return {"seq": op["seq"], "state": "deferred"}
        if op["name"] in self.park:
            state = OpState.PARKED
        else:
            try:
                mutation = mutation_named(op["name"], op["v"])
                args = load_args(mutation, op["args"])
                now = Moment.at(instant_from_ms(self.now_ms))
                self.put(*mutation.run(self, args, actor, now))
            except RefusedError as error:
                state, told = OpState.REJECTED, problem(error.slug, **error.facts)
            except UnknownMutationError:
                state, told = OpState.REJECTED, problem("unknown-mutation")
        result = {
            "seq": op["seq"],
            "state": state.value,
            "receipt": encode(self.receipt(number, op["seq"], op_digest(op), state)),
        }
        return result | ({"problem": told} if told else {})

    def settle(self, number: int, seq: int) -> None:
        """Answer at last an op that was deferred or parked."""
        op = self.ops[number][seq]
        receipt = self.receipt(number, seq, op.digest, OpState.OK)
        op.result = {"seq": seq, "state": "ok", "receipt": encode(receipt)}

    def receipt(self, number: int, seq: int, digest: str, state: OpState) -> Receipt:
        """Return a signed receipt."""
        unsigned = Receipt(
            number=1000 + seq,
            device=number,
            seq=seq,
            digest=digest,
            state=state,
            at=self.now_ms,
            generation=self.generation,
            signature="",
        )
        der = self.key.sign(receipt_bytes(unsigned), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        values = encode(unsigned) | {"signature": to_base64url(r.to_bytes(32) + s.to_bytes(32))}
        return Receipt(**cast("dict[str, Any]", values | {"state": state}))

    def _page(self, cursor: int) -> tuple[dict[str, Any], dict[str, Any], int]:
        news = sorted(
            (version, table, row_id, row)
            for (table, row_id), (version, row) in self.rows.items()
            if version > cursor or cursor > self.version
        )
        page: dict[str, Any] = {}
        gone: dict[str, Any] = {}
        reached = self.version
        for version, table, row_id, row in news[: self.page_rows_max]:
            if row is None:
                gone.setdefault(table, []).append(row_id)
            else:
                page.setdefault(table, []).append([version, encode(row)])
            reached = version
        return page, gone, reached if len(news) > self.page_rows_max else self.version


def ok(**values: Any) -> HttpReply:
    return HttpReply(200, {"content-type": "application/json"}, canonical_bytes(values))


def refusal(slug: str, **members: Any) -> HttpReply:
    document = problem(slug, **members)
    return HttpReply(
        cast("int", document["status"]),
        {"content-type": "application/problem+json"},
        canonical_bytes(document),
    )
