"""Bundles: what one device brings of another one's work."""

from __future__ import annotations

from flask import Blueprint, Response, request

from server.auth import authentic_device
from server.bodies import raw_body
from server.bundles import take_bundle
from server.models import db
from server.problems import ProblemError
from server.services import services
from shared.canonical import canonical_bytes
from shared.wire.bundles import BUNDLE_TYPE, BUNDLES_PATH
from shared.wire.envelope import DIGEST_HEADER, content_digest, to_base64url

__all__ = ["blueprint"]

blueprint = Blueprint("bundles", __name__)


@blueprint.post(BUNDLES_PATH)
def post_bundle() -> Response:
    """Take a colleague's operations as they would send them, and answer for them alone."""
    shared, session = services(), db.session()
    content = raw_body(request)
    carrier = authentic_device(session, request, content)
    if carrier.barred_by is not None:
        raise ProblemError(carrier.barred_by)
    if request.mimetype != BUNDLE_TYPE:
        raise ProblemError("unsupported-media-type")
    taken = take_bundle(shared, session, carrier, content)
    body = canonical_bytes({"state": taken.state.value, "answer": to_base64url(taken.answer)})
    headers = {DIGEST_HEADER: content_digest(body)}
    return Response(body, mimetype="application/json", headers=headers)
