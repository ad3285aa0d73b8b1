"""How the app's files must be served: response headers and media types.

The build writes them to `_headers.json` beside the files, because the server never imports the
client.
"""

from __future__ import annotations

import json

__all__ = ["CONTENT_SECURITY_POLICY", "MEDIA_TYPES", "RESPONSE_HEADERS", "headers_file"]

SOURCES = {
    "default-src": "'none'",
    # Python and CanvasKit are WebAssembly; no script may come from elsewhere or from text.
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "blob:",
    "font-src": "'self'",
    # Flutter's engine styles its own elements.
    "style-src": "'self' 'unsafe-inline'",
    "manifest-src": "'self'",
    "base-uri": "'self'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}

CONTENT_SECURITY_POLICY = "; ".join(f"{kind} {allowed}" for kind, allowed in SOURCES.items())

RESPONSE_HEADERS = {
    # The service worker keeps the files; without it the browser asks whether they changed.
    "Cache-Control": "no-cache",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

# Python's mimetypes knows these wrongly or not at all on some systems, and "nosniff" is strict.
MEDIA_TYPES = {
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".otf": "font/otf",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".zip": "application/zip",
}


def headers_file() -> str:
    """Return `_headers.json`: {"headers": {...}, "media_types": {...}}."""
    return json.dumps({"headers": RESPONSE_HEADERS, "media_types": MEDIA_TYPES}, indent=2)
