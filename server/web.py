"""The web app's files, compressed beforehand, and the headers that every answer bears."""

from __future__ import annotations

import json
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask, Response
from whitenoise import WhiteNoise

__all__ = ["secure_answers", "serve_web_app"]

HEADERS_FILE = "_headers.json"

# Answers of the API are data: nothing in them may run, be framed or be kept.
API_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def secure_answers(app: Flask, *, https: bool) -> None:
    """Put the strict headers on every answer that has not set its own."""

    def add(response: Response) -> Response:
        for name, value in API_HEADERS.items():
            response.headers.setdefault(name, value)
        if https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    app.after_request(add)


def serve_web_app(app: Flask, web_dir: Path, *, https: bool) -> None:
    """Hand out the built app from *web_dir*, with the headers that its build asks for."""
    headers, media_types = _wanted(web_dir)
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000"

    def add(answer: Headers, path: str, url: str) -> None:
        del path, url
        for name, value in headers.items():
            answer[name] = value

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=web_dir,
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
