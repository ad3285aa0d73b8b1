"""The web app's files, compressed beforehand, and the headers that every answer bears."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.headers import Headers

from flask import Flask, Response
from whitenoise import WhiteNoise

from shared.wire.compact import COMPACT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["secure_answers", "serve_web_app"]

HEADERS_FILE = "_headers.json"

# What every answer bears: nobody keeps it, takes it for something else, or reads it elsewhere.
DATA_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
# What a browser might show (JSON, problems): nothing in it may run, be framed or lead away. An
# answer in compact form is no document to any browser, and travels over 2G a hundred times a day.
API_HEADERS = DATA_HEADERS | {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
}


def secure_answers(app: Flask, *, https: bool) -> None:
    """Put the strict headers on every answer that has not set its own."""

    def add(response: Response) -> Response:
        headers = DATA_HEADERS if response.mimetype == COMPACT else API_HEADERS
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    app.after_request(add)


def serve_web_app(app: Flask, web_dir: Path, *, https: bool) -> None:
    """Hand out the built app from *web_dir*, with the headers that its build asks for.

    A build that takes the folder's place while the server runs is handed out from the next
    request on.
    """
    app.wsgi_app = _WebApp(app.wsgi_app, web_dir, https=https)  # type: ignore[method-assign]


class _WebApp:
    """The files of the build that is there now, in front of *api*.

    WhiteNoise remembers each file's size and date. After another build those would be headers
    of other bytes, and a phone that opens the app for the first time would get broken files.
    """

    def __init__(self, api: WSGIApplication, web_dir: Path, *, https: bool) -> None:
        self._api = api
        self._web_dir = web_dir
        self._https = https
        self._now = (self._build(), self._files())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        build, files = self._now
        found = self._build()
        # Gone for the moment in which one build takes the other's place: the old one then.
        if found not in {None, build}:
            self._now = (found, files := self._files())
        answer: Iterable[bytes] = files(environ, start_response)
        return answer

    def _build(self) -> tuple[int, int] | None:
        """Tell builds apart: each is a folder of its own, renamed into its place."""
        try:
            found = self._web_dir.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _files(self) -> WhiteNoise:
        headers, media_types = _wanted(self._web_dir)
        if self._https:
            headers["Strict-Transport-Security"] = "max-age=31536000"

        def add(answer: Headers, path: str, url: str) -> None:
            del path, url
            for name, value in headers.items():
                answer[name] = value

        return WhiteNoise(
            self._api,
            root=self._web_dir,
            index_file=True,
            allow_all_origins=False,
            add_headers_function=add,
            mimetypes=media_types,
        )


def _wanted(web_dir: Path) -> tuple[dict[str, str], dict[str, str]]:
    path = web_dir / HEADERS_FILE
    if not path.exists():
        return dict(API_HEADERS), {}
    wanted = json.loads(path.read_text("utf-8"))
    return wanted["headers"], wanted["media_types"]
