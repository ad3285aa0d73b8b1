"""Who the server is: its generation, and the key by which phones know its word."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.orm import Session

from server.database import insert_into
from server.models.people import CountyModel
from server.models.sync import CountyCounterModel, EnrolledDeviceModel, ServerIdentityModel
from shared.ids import SERVER_DEVICE_NUMBER, make_id
from shared.wire.envelope import Receipt, receipt_bytes, to_base64url

__all__ = [
    "POINT_LENGTH",
    "SIGNATURE_LENGTH",
    "ReceiptSigner",
    "begin_new_life",
    "identity_of",
    "is_point",
    "is_signed_by",
    "next_cause",
]

POINT_LENGTH = 65
SIGNATURE_LENGTH = 64
_NUMBER_LENGTH = 32

# What may have been given out since the backup and must not be given again. There is room for 250
# restores in the device numbers and in the server's own causes, for 2,000 in the receipts.
DEVICES_SKIPPED = 4_096
CAUSES_SKIPPED = 65_536
RECEIPTS_SKIPPED = 1_000_000


@dataclass(frozen=True, slots=True)
class ReceiptSigner:
    """Signs receipts with the server's P-256 key."""

    private_key: ec.EllipticCurvePrivateKey

    @classmethod
    def from_number(cls, number: bytes) -> ReceiptSigner:
        """Return the signer with this private number."""
        return cls(ec.derive_private_key(int.from_bytes(number), ec.SECP256R1()))

    @property
    def public_key(self) -> str:
        """The uncompressed point, base64url."""
        point = self.private_key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        return to_base64url(point)

    def signed(self, receipt: Receipt) -> Receipt:
        """Return *receipt* with its signature."""
        return replace(receipt, signature=to_base64url(self.sign(receipt_bytes(receipt))))

    def sign(self, message: bytes) -> bytes:
        """Return r and s of the signature of *message*."""
        encoded = self.private_key.sign(message, ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(encoded)
        return r.to_bytes(_NUMBER_LENGTH) + s.to_bytes(_NUMBER_LENGTH)


def is_point(point: bytes) -> bool:
    """Tell whether *point* is an uncompressed point of P-256."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return len(point) == POINT_LENGTH


def is_signed_by(point: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether *signature* (r and s) of *message* was made with the key of *point*.

    Raises:
        ValueError: *point* is not on the curve.
    """
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    if len(signature) != SIGNATURE_LENGTH:
        return False
    r = int.from_bytes(signature[:_NUMBER_LENGTH])
    s = int.from_bytes(signature[_NUMBER_LENGTH:])
    try:
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def identity_of(session: Session, signer: ReceiptSigner) -> ServerIdentityModel:
    """Return the one identity row; the first call makes it, inside a write transaction."""
    identity = session.get(ServerIdentityModel, 1)
    if identity is None:
        made = insert_into(session, ServerIdentityModel).values(
            id=1, generation=secrets.token_hex(8), public_key=signer.public_key, causes=0
        )
        # Counties begin side by side: the first of them makes it, for all.
        session.execute(made.on_conflict_do_nothing(index_elements=["id"]))
        identity = session.get_one(ServerIdentityModel, 1)
    return identity


def next_cause(session: Session, signer: ReceiptSigner) -> str:
    """Return an id for something that the server does by itself: an import, a sweep."""
    identity = identity_of(session, signer)
    session.refresh(identity, with_for_update=True)
    identity.causes += 1
    return make_id(SERVER_DEVICE_NUMBER, identity.causes, 0)


def begin_new_life(session: Session, signer: ReceiptSigner) -> str:
    """Return the new generation of a server that was restored, inside a write transaction.

    Phones see by it that they must fetch and offer anew. Numbers that the lost time may have
    given out are skipped: a device number or an id given twice would mix up two people's work.
    """
    identity = identity_of(session, signer)
    session.refresh(identity, with_for_update=True)
    identity.generation = secrets.token_hex(8)
    identity.causes += CAUSES_SKIPPED
    counter = CountyCounterModel
    counties = sa.select(CountyModel.id, sa.literal(0))
    made = insert_into(session, counter).from_select(
        ["county_id", "ops"], counties.where(sa.true())
    )
    session.execute(made.on_conflict_do_nothing(index_elements=["county_id"]))
    session.execute(sa.update(counter).values(ops=counter.ops + RECEIPTS_SKIPPED))
    _skip_device_numbers(session, DEVICES_SKIPPED)
    session.flush()
    return identity.generation


def _skip_device_numbers(session: Session, count: int) -> None:
    table = EnrolledDeviceModel.__tablename__
    if session.get_bind().dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table, "number")
        last = session.execute(sa.select(sa.func.nextval(sequence))).scalar_one()
        session.execute(sa.select(sa.func.setval(sequence, last + count)))
        return
    # SQLite has the row only once a number was given.
    query = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    last = session.scalar(query, {"name": table})
    statement = (
        "INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"
        if last is None
        else "UPDATE sqlite_sequence SET seq = :seq WHERE name = :name"
    )
    session.execute(sa.text(statement), {"name": table, "seq": (last or 0) + count})
