"""A certificate authority of one's own, for phones in the same network: HTTPS without a name.

Browsers keep records and encrypt only on pages that came over HTTPS. The authority is bound to
private addresses: whoever stole its key could impersonate no site of the internet.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["Certificates", "certificates_for"]

AUTHORITY_DAYS = 365
SERVER_DAYS = 30
RENEWED_BEFORE_DAYS = 31
"""An authority that would not outlive its server's certificate is made anew."""
EARLIER = dt.timedelta(hours=1)  # A phone's clock may be behind.
PRIVATE_NETWORKS = ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
                    "192.168.0.0/16")  # fmt: skip
# A constraint on addresses leaves names free: this one, which nobody can own, takes them away.
NO_NAME = "liandong.invalid"
OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files: the authority's certificate for phones, the server's, and the server's key."""

    authority: Path
    server: Path
    server_key: Path


def certificates_for(
    address: ipaddress.IPv4Address, folder: Path, *, now: dt.datetime
) -> Certificates:
    """Make a server's certificate for *address*; the authority in *folder* is kept and used again.

    A phone that trusts it once trusts the next certificates too.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = Certificates(folder / "authority.crt", folder / "server.crt", folder / "server.key")
    authority_key = folder / "authority.key"
    key, authority = _kept_authority(authority_key, files.authority, now) or _new_authority(
        authority_key, files.authority, now
    )
    server_key = ec.generate_private_key(ec.SECP256R1())
    server = (
        _builder(f"Liandong {address}", authority.subject, server_key, now, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(address)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    _write_key(files.server_key, server_key)
    files.server.write_bytes(server.public_bytes(Encoding.PEM))
    return files


def _kept_authority(
    key_file: Path, file: Path, now: dt.datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
    if not (key_file.exists() and file.exists()):
        return None
    key = load_pem_private_key(key_file.read_bytes(), password=None)
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    assert isinstance(key, ec.EllipticCurvePrivateKey), "we made it"
    lasts = certificate.not_valid_after_utc - now > dt.timedelta(days=RENEWED_BEFORE_DAYS)
    return (key, certificate) if lasts else None


def _new_authority(
    key_file: Path, file: Path, now: dt.datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = f"Liandong demo {now:%Y-%m-%d}"
    networks = [x509.IPAddress(ipaddress.ip_network(one)) for one in PRIVATE_NETWORKS]
    certificate = (
        _builder(name, _named(name), key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.NameConstraints([*networks, x509.DNSName(NO_NAME)], None), critical=True
        )
        .add_extension(_usage_of_an_authority(), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_file, key)
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return key, certificate


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage_of_an_authority() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a key that only its owner can read, from the first byte on."""
    file.unlink(missing_ok=True)
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as out:
        out.write(content)
