"""A `requests` adapter that calls a WSGI application in place: the real server, no sockets."""

from __future__ import annotations

import io
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as NoConnectionError
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPResponse
from werkzeug.test import run_wsgi_app

__all__ = ["WsgiAdapter", "response_of"]


class WsgiAdapter(BaseAdapter):
    """Sends what a `requests.Session` prepares to *application*, and can be cut off."""

    def __init__(self, application: Any) -> None:
        super().__init__()
        self.application = application
        self.is_cut = False
        self.requests = 0
        self.bytes_up = 0
        self.bytes_down = 0

    def send(  # noqa: PLR0913, PLR0917 - requests calls it so
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - as requests has it
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        del stream, timeout, verify, cert, proxies
        if self.is_cut:
            raise NoConnectionError("the network is cut")
        body = _bytes_of(request.body)
        self.requests += 1
        self.bytes_up += len(body)
        chunks, status, headers = run_wsgi_app(
            self.application, _environ(request, body), buffered=True
        )
        content = b"".join(chunks)
        self.bytes_down += len(content)
        code = int(status.split(" ", 1)[0])
        return response_of(request, code, dict(headers.items()), content)

    def close(self) -> None:
        """Nothing is kept open."""


def response_of(
    request: PreparedRequest, status: int, headers: Mapping[str, str], content: bytes
) -> Response:
    """Return a response as `requests` makes it of what came over the wire."""
    response = Response()
    response.status_code = status
    response.reason = HTTPStatus(status).phrase
    response.headers = CaseInsensitiveDict(headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.raw = HTTPResponse(
        io.BytesIO(content),
        headers=dict(headers),
        status=status,
        preload_content=False,
        # Else the answer to a HEAD, which names a length and has no body, would seem cut off.
        request_method=request.method,
    )
    response.url = request.url or ""
    response.request = request
    return response


def _environ(request: PreparedRequest, body: bytes) -> dict[str, Any]:
    url = urlsplit(request.url or "")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        if key != "CONTENT_LENGTH":
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


def _bytes_of(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else bytes(body)
