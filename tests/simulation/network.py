"""The way between a phone and the server, and everything that happens to messages on it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from requests import PreparedRequest, Response
from requests.exceptions import ConnectionError as NoConnectionError
from requests.exceptions import SSLError

from shared.wire.compact import COMPACT, unpack
from shared.wire.envelope import ENROL_PATH, SYNC_PATH, op_digest
from tests.simulation.server_box import ServerBox, ServerKilled
from tests.simulation.trace import Trace, short
from tests.simulation.wsgi_adapter import WsgiAdapter, response_of

__all__ = ["NETWORK_FAULTS", "Exchange", "Network", "Way"]

NETWORK_FAULTS = (
    "drop-request",
    "drop-answer",
    "duplicate",
    "reorder",
    "cut-answer",
    "cut-request",
    "flip-up",
    "flip-down",
    "bad-gateway",
    "portal",
    "tls",
    "forger",
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that the server answered, and its answer, as both left their sides."""

    path: str
    device: int
    request: dict[str, Any]
    status: int
    answer: dict[str, Any]


@dataclass
class Network:
    """What all ways have in common.

    Attributes:
        faults: Those that can happen.
        likely: How likely a request meets one of them.
        late: Requests still under way, to arrive when nobody expects them any more.
        before: Called with a request that arrives, whole.
        after: Called with the exchange.
    """

    server: ServerBox
    trace: Trace
    chance: random.Random
    faults: tuple[str, ...]
    likely: float
    late: list[PreparedRequest]
    before: Callable[[str, dict[str, Any], int], None]
    after: Callable[[Exchange], None]

    def deliver(self, request: PreparedRequest) -> Response:
        """Bring a request to the server."""
        adapter = WsgiAdapter(self.server.app)
        asked = _asked(request)
        path = request.path_url
        device = int(request.headers.get("Liandong-Device", "0"))
        if asked is not None:
            self.before(path, asked, device)
        try:
            with self.server.serving():
                response = adapter.send(request)
        except ServerKilled:
            self.trace.note("  server killed")
            self.server.restart()
            raise NoConnectionError("the server died") from None
        if asked is not None and path in {SYNC_PATH, ENROL_PATH}:
            answer = _answered(response) if response.status_code == 200 else {}
            self.after(Exchange(path, device, asked, response.status_code, answer))
        return response

    def deliver_late(self) -> None:
        """Let one of the requests that were given up arrive after all."""
        request = self.late.pop(self.chance.randrange(len(self.late)))
        try:
            response = self.deliver(request)
            self.trace.note(f"  late {response.status_code} {short(response.content)}")
        except NoConnectionError:
            self.trace.note("  late in vain")


class Way(WsgiAdapter):
    """One phone's way; a `requests` adapter."""

    def __init__(self, network: Network, name: str) -> None:
        super().__init__(None)
        self._network = network
        self._name = name

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        network = self._network
        if self.is_cut:
            raise NoConnectionError("no network")
        fault = ""
        if network.faults and network.chance.random() < network.likely:
            fault = network.chance.choice(network.faults)
        note = f"  {self._name} {fault or 'sends'} {short(_body(request))}"
        try:
            response = self._sent(request, fault)
        except NoConnectionError:
            network.trace.note(f"{note} -> nothing")
            raise
        network.trace.note(f"{note} -> {response.status_code} {short(response.content)}")
        return response

    def _sent(self, request: PreparedRequest, fault: str) -> Response:
        network, chance = self._network, self._network.chance
        if fault == "tls":
            raise SSLError("certificate")
        if fault in {"drop-request", "reorder"}:
            if fault == "reorder":
                network.late.append(_copy(request, _body(request)))
            raise NoConnectionError("lost on the way up")
        made = _made_up(request, fault)
        if made is not None:
            return made
        response = network.deliver(_spoilt(request, fault, chance))
        if fault == "drop-answer":
            raise NoConnectionError("lost on the way down")
        if fault == "duplicate":
            response = network.deliver(request)
        if fault == "flip-down":
            return _with_body(response, request, _flipped(response.content, chance))
        if fault == "cut-answer":
            cut = response.content[: chance.randrange(len(response.content) + 1)]
            return _with_body(response, request, cut)
        return response


def _spoilt(request: PreparedRequest, fault: str, chance: random.Random) -> PreparedRequest:
    """Return what is left of a request on its way up."""
    body = _body(request)
    if fault == "flip-up":
        return _copy(request, _flipped(body, chance))
    if fault == "cut-request":
        return _copy(request, body[: chance.randrange(len(body) or 1)])
    return request


def _made_up(request: PreparedRequest, fault: str) -> Response | None:
    """Return what somebody else than the server answers, or None."""
    if fault == "bad-gateway":
        return response_of(request, 502, {"Content-Type": "text/html"}, b"<h1>502</h1>")
    if fault == "portal":
        page = b"<html><body>Welcome! Please log in.</body></html>"
        return response_of(request, 200, {"Content-Type": "text/html; charset=utf-8"}, page)
    asked = _asked(request)
    if fault == "forger" and asked is not None and asked.get("ops"):
        body = json.dumps(_forged(asked, request)).encode()
        return response_of(request, 200, {"Content-Type": "application/json"}, body)
    return None


def _forged(asked: dict[str, Any], request: PreparedRequest) -> dict[str, Any]:
    """Return an answer that says yes to every operation, without the server's key."""
    ops = asked.get("ops", [])
    device = int(request.headers.get("Liandong-Device", "0"))
    generation = request.headers.get("Liandong-Generation", "")
    results = []
    for number, op in enumerate(ops, start=1):
        receipt = {
            "number": number,
            "device": device,
            "seq": op["seq"],
            "digest": op_digest(op),
            "state": "ok",
            "at": asked["clock"]["wall"],
            "generation": generation,
            "signature": "A" * 86,
        }
        results.append({"seq": op["seq"], "state": "ok", "receipt": receipt})
    return {
        "generation": generation,
        "server_time": asked["clock"]["wall"],
        "last": max([asked.get("acked", 0), *(op["seq"] for op in ops)]),
        "results": results,
        "rows": {},
        "gone": {},
        "scopes": [*asked.get("cursors", {})],
        "reset": [],
        "cursors": asked.get("cursors", {}),
        "more": False,
    }


def _asked(request: PreparedRequest) -> dict[str, Any] | None:
    """Return what a request asks, or None when it can't be read."""
    body = _body(request)
    try:
        if request.headers.get("Content-Type") == COMPACT:
            return cast("dict[str, Any]", unpack(body, bytes_max=4_000_000))
        asked: dict[str, Any] = json.loads(body)
    except (ValueError, OverflowError):
        return None
    return asked


def _answered(response: Response) -> dict[str, Any]:
    if response.headers.get("Content-Type") == COMPACT:
        return cast("dict[str, Any]", unpack(response.content, bytes_max=16_000_000))
    return cast("dict[str, Any]", json.loads(response.content))


def _body(request: PreparedRequest) -> bytes:
    body = request.body
    return body.encode() if isinstance(body, str) else bytes(body or b"")


def _copy(request: PreparedRequest, body: bytes) -> PreparedRequest:
    copy = request.copy()
    copy.body = body
    copy.headers["Content-Length"] = str(len(body))
    return copy


def _flipped(content: bytes, chance: random.Random) -> bytes:
    if not content:
        return content
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def _with_body(response: Response, request: PreparedRequest, body: bytes) -> Response:
    return response_of(request, response.status_code, dict(response.headers), body)
