"""The demo on a real phone in the same network: HTTPS, a page that explains it, codes to scan."""

from __future__ import annotations

import html
import io
import ipaddress
import multiprocessing
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import segno

__all__ = ["own_address", "qr_code", "serve_guide"]

# Routed by no network: asking for the way there sends nothing.
NOWHERE = ("192.0.2.1", 9)
CERTIFICATE = "/liandong-demo.crt"

GUIDE = """<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>联动演示 Liandong demo</title>
<style>
body {{ font: 18px/1.6 system-ui, sans-serif; margin: 24px auto; max-width: 34em; padding: 0 16px;
  color: #17362b; }}
a {{ display: block; background: #0b6e4f; color: #fff; text-align: center; border-radius: 12px;
  padding: 14px; text-decoration: none; }}
li {{ margin: 12px 0; }} small {{ color: #5b6f67; }}
</style></head><body>
<h1>联动演示</h1>
<p>浏览器只在安全的网址上让应用离线保存记录。请先装上这台电脑的证书，它只对内网地址有效。<br>
<small>Browsers let an app save records offline on secure addresses only. First install this
computer's certificate; it is good for private addresses alone.</small></p>
<ol>
<li><a href="{certificate}">1. 下载证书 Download the certificate</a></li>
<li><b>安卓 Android</b>：设置里搜“CA 证书”，选“仍然安装”，再选刚下载的文件。<br>
<small>In Settings search “CA certificate”, “Install anyway”, choose the downloaded
file.</small></li>
<li><b>苹果 iPhone</b>：设置 → 已下载描述文件 → 安装；
再到 通用 → 关于本机 → 证书信任设置，打开它。<br>
<small>Settings → Profile downloaded → Install; then General → About → Certificate Trust
Settings: turn it on.</small></li>
<li><a href="{app}">2. 打开联动 Open Liandong</a></li>
</ol>
<p>试完以后，请在手机设置里删掉这个证书。<br>
<small>Afterwards, remove the certificate in the phone's settings.</small></p>
</body></html>
"""


def own_address() -> ipaddress.IPv4Address | None:
    """Return this machine's address in its network; None when it is in none."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(NOWHERE)
            found = ipaddress.IPv4Address(probe.getsockname()[0])
        except OSError:
            return None
    return None if found.is_unspecified else found


def qr_code(text: str) -> str:
    """Return *text* as a QR code for a terminal."""
    written = io.StringIO()
    segno.make(text, error="l").terminal(out=written, compact=True)
    return written.getvalue()


@contextmanager
def serve_guide(host: str, port: int, *, authority: Path, app_url: str) -> Iterator[str]:
    """Serve the page that explains it, over plain HTTP, in a process of its own; give its address.

    It ends with the block, or when the process that began it is gone.
    """
    page = GUIDE.format(certificate=CERTIFICATE, app=html.escape(app_url))
    # Listens from here on; whoever comes before the process has begun waits a moment.
    with socket.create_server((host, port)) as listening:
        process = multiprocessing.get_context("spawn").Process(
            target=_run_guide,
            args=(listening, page.encode(), authority.read_bytes(), os.getpid()),
        )
        process.start()
    try:
        yield f"http://{host}:{port}"
    finally:
        process.terminate()
        process.join()


def _run_guide(listening: socket.socket, page: bytes, certificate: bytes, parent: int) -> None:
    _Guide.page, _Guide.certificate = page, certificate
    with _GuideServer(listening.getsockname(), _Guide, bind_and_activate=False) as server:
        server.socket.close()
        server.socket = listening
        while os.getppid() == parent:
            server.handle_request()


class _GuideServer(ThreadingHTTPServer):
    daemon_threads = True
    timeout = 1  # Seconds until it looks again whether anybody needs it.


class _Guide(BaseHTTPRequestHandler):
    page: ClassVar[bytes]
    certificate: ClassVar[bytes]

    def do_GET(self) -> None:
        """Answer with the certificate where it is asked for, and else with the page."""
        if self.path == CERTIFICATE:
            self._answer(self.certificate, "application/x-x509-ca-cert")
        else:
            self._answer(self.page, "text/html; charset=utf-8")

    def log_message(self, *_: object) -> None:
        """Keep the terminal for the codes."""

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)
