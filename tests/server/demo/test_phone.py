"""The demo for phones of the same network: HTTPS that they can trust, for that network alone."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import stat
import threading
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from flask import Flask
from werkzeug.serving import make_server

from server.cli import main
from server.demo import serving
from server.demo.certificates import AUTHORITY_DAYS, Certificates, certificates_for
from server.demo.serving import run_demo
from server.demo.stage import SMALL

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
LAN = ipaddress.IPv4Address("192.168.1.20")
HERE = ipaddress.IPv4Address("127.0.0.1")


def verify(files: Certificates, address: ipaddress.IPv4Address, at: dt.datetime = NOW) -> None:
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    server = x509.load_pem_x509_certificate(files.server.read_bytes())
    policy = PolicyBuilder().store(Store([authority])).time(at)
    policy.build_server_verifier(x509.IPAddress(address)).verify(server, [])


def test_phone_that_trusts_the_authority_once_trusts_the_next_certificates(tmp_path: Path) -> None:
    first = certificates_for(LAN, tmp_path, now=NOW)
    verify(first, LAN)
    trusted = first.authority.read_bytes()
    elsewhere = ipaddress.IPv4Address("10.0.0.7")
    later = NOW + dt.timedelta(days=200)
    second = certificates_for(elsewhere, tmp_path, now=later)
    verify(second, elsewhere, later)
    assert second.authority.read_bytes() == trusted
    with pytest.raises(VerificationError):
        verify(second, LAN, later)


def test_authority_that_ends_soon_is_made_anew(tmp_path: Path) -> None:
    old = certificates_for(LAN, tmp_path, now=NOW).authority.read_bytes()
    later = NOW + dt.timedelta(days=AUTHORITY_DAYS - 10)
    files = certificates_for(LAN, tmp_path, now=later)
    assert files.authority.read_bytes() != old
    verify(files, LAN, later)


def test_authority_vouches_for_private_addresses_alone(tmp_path: Path) -> None:
    """A stolen key must not open the phone's traffic with the internet."""
    public = ipaddress.IPv4Address("203.0.113.5")
    files = certificates_for(public, tmp_path, now=NOW)
    with pytest.raises(VerificationError):
        verify(files, public)
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    names = [one.value for one in limits.value.permitted_subtrees or () if _is_name(one)]
    assert names == ["liandong.invalid"]


def _is_name(general: x509.GeneralName) -> bool:
    return isinstance(general, x509.DNSName)


def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    certificates_for(LAN, tmp_path, now=NOW)
    for name in ("authority.key", "server.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.server
def test_demo_serves_phones_over_https_and_says_how(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = two_free_ports()
    authority = tmp_path / "authority"
    seen: dict[str, requests.Response] = {}

    def serve(app: Flask, *, host: str, port: int, tls: tuple[Path, Path], **_: Any) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server = make_server(host, port, app, ssl_context=context)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            guide = f"http://{host}:{port + 1}"
            seen["guide"] = requests.get(guide, timeout=30)
            seen["certificate"] = requests.get(f"{guide}/liandong-demo.crt", timeout=30)
            trusted = str(authority / "authority.crt")
            seen["app"] = requests.get(f"https://{host}:{port}/healthz", verify=trusted, timeout=30)
            with suppress(requests.exceptions.SSLError):
                seen["untrusted"] = requests.get(f"https://{host}:{port}/healthz", timeout=30)
        finally:
            server.shutdown()
            thread.join()

    monkeypatch.setenv("LIANDONG_DATA_DIR", str(tmp_path / "demo"))
    monkeypatch.setenv("LIANDONG_WEB_DIR", str(tmp_path / "no-web"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(serving, "SMALL", replace(SMALL, days=0, customers=0, years=0))
    monkeypatch.setattr(serving, "AUTHORITY_DIR", authority)
    monkeypatch.setattr(serving, "serve", serve)
    monkeypatch.setattr(serving, "_log_only_trouble", lambda: None)
    assert run_demo(port=port, small=True, phone_address=HERE) == 0

    assert seen["app"].json() == {"status": "ok"}
    assert "untrusted" not in seen
    assert seen["certificate"].content == (authority / "authority.crt").read_bytes()
    assert f"https://{HERE}:{port}" in seen["guide"].text
    printed = capsys.readouterr().out
    assert f"https://{HERE}:{port}/#enrol=" in printed
    assert f"http://{HERE}:{port + 1}" in printed
    assert printed.count("▄▄▄▄▄▄▄█") >= 2, "a QR code each"


def two_free_ports() -> int:
    """Return the first of two ports in a row on which nobody listens."""
    while True:
        with closing(socket.socket()) as first, closing(socket.socket()) as second:
            first.bind((str(HERE), 0))
            port: int = first.getsockname()[1]
            with suppress(OSError, OverflowError):
                second.bind((str(HERE), port + 1))
                return port


@pytest.mark.parametrize(("address", "said"), [("8.8.4.4", "公网地址"), ("phone", "--address")])
def test_demo_is_not_shown_to_the_internet(address: str, said: str) -> None:
    told = CliRunner().invoke(main, ["demo", "--phone", "--address", address])
    assert told.exit_code != 0
    assert said in told.output
