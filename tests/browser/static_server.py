"""Serves a built web app as our server does: its headers, its compressed copies, an /api/."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["StaticServer", "static_server"]

ENCODINGS = {"br": ".br", "gzip": ".gz"}
TRICKLE_S = 0.4


@dataclass
class StaticServer:
    """A folder served on the loopback interface.

    Attributes:
        url: Its origin, without a slash at the end.
        folder: The built app; may be changed while the server runs (a new version comes out).
        bytes_sent: By path, as transferred.
    """

    url: str
    folder: Path
    bytes_sent: dict[str, int] = field(default_factory=dict)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.served = StaticServer(f"http://localhost:{self.server_address[1]}", folder)
        self.closing = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that was closed in the middle of an answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def static_server(folder: Path) -> Iterator[StaticServer]:
    """Serve *folder* until the block ends.

    POST /api/echo answers with the body reversed; POST /api/slow keeps its caller waiting;
    POST /api/trickle answers a byte at a time, and POST /api/stall stops in the middle of that.
    """
    listener = _Listener(folder)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield listener.served
    finally:
        listener.closing.set()
        listener.shutdown()
        thread.join()
        listener.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_GET(self) -> None:
        folder = self.server.served.folder
        path = self.path.partition("?")[0]
        file = folder / ("index.html" if path == "/" else path.lstrip("/"))
        told = json.loads((folder / "_headers.json").read_text("utf-8"))
        headers = dict(told["headers"])
        if not file.is_file():
            self._answer(HTTPStatus.NOT_FOUND, b"", headers)
            return
        headers["Content-Type"] = told["media_types"].get(file.suffix, "text/html")
        headers["ETag"] = f'"{file.stat().st_mtime_ns}"'
        if self.headers.get("If-None-Match") == headers["ETag"]:
            self._answer(HTTPStatus.NOT_MODIFIED, b"", headers)
            return
        for encoding, suffix in ENCODINGS.items():
            copy = file.with_name(file.name + suffix)
            if encoding in self.headers.get("Accept-Encoding", "") and copy.exists():
                headers["Content-Encoding"] = encoding
                file = copy
                break
        self._answer(HTTPStatus.OK, file.read_bytes(), headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path == "/api/slow":
            self.server.closing.wait(10)
            return
        if self.path in {"/api/trickle", "/api/stall"}:
            self._trickle(body[::-1], is_whole=self.path == "/api/trickle")
            return
        answer = {"X-Answer": self.headers.get("X-Trial", "")}
        self._answer(HTTPStatus.CREATED, body[::-1], answer)

    def _trickle(self, body: bytes, *, is_whole: bool) -> None:
        """Answer as over 2G: slower as a whole than anybody waits, never long without a byte."""
        self.send_response(HTTPStatus.CREATED)
        self.send_header("X-Answer", self.headers.get("X-Trial", ""))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for at in range(len(body) if is_whole else 2):
            self.server.closing.wait(TRICKLE_S)
            self.wfile.write(body[at : at + 1])
            self.wfile.flush()
        if not is_whole:
            self.server.closing.wait(10)
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keep the test's output its own."""

    def _answer(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        sent = self.server.served.bytes_sent
        sent[self.path] = sent.get(self.path, 0) + len(body)
