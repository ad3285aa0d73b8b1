"""The API's own description: an OpenAPI document of the schemas in use, and a page to read it."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Response, render_template_string

from server.bundles import BundleContentSchema
from server.routes.blobs import BlobQuery
from server.routes.schemas import (
    BlobAnswerSchema,
    BundleAnswerSchema,
    EnrolAnswerSchema,
    EnrolRequest,
    OpSchema,
    ProblemSchema,
    SyncAnswerSchema,
    SyncRequestSchema,
)
from shared.canonical import canonical_bytes
from shared.wire.blobs import BLOBS_PATH
from shared.wire.bundles import BUNDLE_TYPE, BUNDLES_PATH
from shared.wire.envelope import (
    APP_VERSION,
    DEVICE_HEADER,
    ENROL_PATH,
    GENERATION_HEADER,
    SIGNATURE_HEADER,
    SYNC_PATH,
)
from shared.wire.mutations import MUTATIONS
from shared.wire.problems import PROBLEMS
from shared.wire.schemas import schema_of

__all__ = ["blueprint", "openapi_document"]

blueprint = Blueprint("reference", __name__)

_ENROLMENT_PROBLEMS = (
    "malformed-json", "invalid-body", "body-too-large", "unsupported-media-type",
    "enrolment-code-wrong", "enrolment-code-expired", "enrolment-code-spent", "staff-inactive",
    "too-many-tries", "busy",
)  # fmt: skip
_SYNC_PROBLEMS = (
    "malformed-json", "invalid-body", "body-too-large", "unsupported-media-type",
    "unauthenticated", "device-revoked", "staff-inactive", "forked", "sequence-gap", "busy",
)  # fmt: skip

_BLOB_GET_PROBLEMS = (
    "not-found", "invalid-body", "unauthenticated", "device-revoked", "staff-inactive", "busy",
)  # fmt: skip
_BLOB_PROBLEMS = (
    *_BLOB_GET_PROBLEMS, "unsupported-media-type", "body-too-large", "missing-object",
    "out-of-scope", "illegal-transition", "invalid-argument", "too-many-attachments",
    "blob-offset", "blob-damaged", "blob-type-refused", "blob-too-large", "blob-quota-reached",
)  # fmt: skip
_BUNDLE_PROBLEMS = (
    "unsupported-media-type", "unauthenticated", "device-revoked", "staff-inactive",
    "bundle-unreadable", "bundle-too-new", "bundle-too-large", "body-too-large", "bundle-foreign",
    "bundle-origin-unknown", "bundle-quota-reached", "busy",
)  # fmt: skip
_SIGNED: tuple[dict[str, Any], ...] = ({"device": [], "signature": [], "generation": []},)


@blueprint.get("/api/v1/openapi.json")
def get_openapi() -> Response:
    """Return the OpenAPI document."""
    return Response(canonical_bytes(openapi_document()), mimetype="application/json")


@blueprint.get("/api/docs")
def get_reference() -> Response:
    """Show the OpenAPI document as a page that needs nothing from elsewhere."""
    template = (files("server.routes") / "reference.html").read_text("utf-8")
    page = render_template_string(
        template, document=openapi_document(), problems=PROBLEMS.values(), resolve=_resolve
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    )
    return response


@functools.cache
def openapi_document() -> dict[str, Any]:
    """Return the document: the very schemas that check requests, with the signature's headers."""
    spec = APISpec(
        title="联动 Liandong",
        version=str(APP_VERSION),
        openapi_version="3.1.0",
        info={"description": "Commands go up, a scoped feed comes down: see docs/protocol.md."},
        plugins=[MarshmallowPlugin(schema_name_resolver=_schema_name)],
    )
    spec.components.schema("Op", schema=OpSchema)
    for args in sorted({mutation.args for mutation in MUTATIONS.values()}, key=_name_of):
        spec.components.schema(args.__name__, schema=schema_of(args))
    _add_signature(spec)
    _add_healthy(spec)
    _add_sync(spec)
    _add_blobs(spec)
    _add_bundles(spec)
    document: dict[str, Any] = spec.to_dict()
    # Operations are looked at one by one, so the schema that checks requests lets any through.
    members = document["components"]["schemas"]["SyncRequest"]["properties"]
    members["ops"]["items"] = {"$ref": "#/components/schemas/Op"}
    document["x-mutations"] = {
        mutation.name: {
            "version": mutation.version,
            "args": {"$ref": f"#/components/schemas/{mutation.args.__name__}"},
        }
        for mutation in MUTATIONS.values()
    }
    return document


def _add_sync(spec: APISpec) -> None:
    spec.path(
        path=ENROL_PATH,
        operations={"post": _operation(
            "Bind a device's key to the person whose one-time code it shows",
            schema_of(EnrolRequest), EnrolAnswerSchema, _ENROLMENT_PROBLEMS, [],
        )},
    )  # fmt: skip
    spec.path(
        path=SYNC_PATH,
        operations={"post": _operation(
            "Take a device's operations, and tell it what it does not know yet",
            SyncRequestSchema, SyncAnswerSchema, _SYNC_PROBLEMS,
            list(_SIGNED),
        )},
    )  # fmt: skip


def _add_blobs(spec: APISpec) -> None:
    digest = {
        "in": "path", "name": "sha256", "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    }  # fmt: skip
    post = _operation(
        "Send one piece of the bytes of an attachment",
        None, BlobAnswerSchema, _BLOB_PROBLEMS, list(_SIGNED),
    )  # fmt: skip
    post["requestBody"]["content"] = {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
    }
    post["parameters"] = [digest, {"in": "query", "schema": schema_of(BlobQuery)}]
    binary = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    get = {
        "summary": "Return the bytes of an attachment, or a range; by HEAD, how many were sent",
        "security": list(_SIGNED),
        "parameters": [digest],
        "responses": {
            "200": {"description": "All", "content": binary},
            "206": {"description": "The range asked for", "content": binary},
            **_problem_answers(_BLOB_GET_PROBLEMS),
        },
    }
    spec.path(path=f"{BLOBS_PATH}/{{sha256}}", operations={"get": get, "post": post})


def _add_bundles(spec: APISpec) -> None:
    post = _operation(
        "Take a bundle that a colleague has sealed, and answer for their device alone",
        None, BundleAnswerSchema, _BUNDLE_PROBLEMS, list(_SIGNED),
    )  # fmt: skip
    sealed = {"type": "string", "format": "binary"}
    post["requestBody"]["content"] = {BUNDLE_TYPE: {"schema": sealed}}
    spec.components.schema("BundleContent", schema=BundleContentSchema)
    spec.path(path=BUNDLES_PATH, operations={"post": post})


def _name_of(args: type) -> str:
    return args.__name__


def _schema_name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def _add_signature(spec: APISpec) -> None:
    for name, header in (
        ("device", DEVICE_HEADER),
        ("signature", SIGNATURE_HEADER),
        ("generation", GENERATION_HEADER),
    ):
        spec.components.security_scheme(name, {"type": "apiKey", "in": "header", "name": header})


def _add_healthy(spec: APISpec) -> None:
    for path, summary in (
        ("/healthz", "Say that the process answers"),
        ("/readyz", "Say that the database answers and has the schema of this version"),
    ):
        answers = {"200": {"description": "Yes"}}
        if path == "/readyz":
            answers["503"] = _problem_answer(("busy",))
        spec.path(
            path=path,
            operations={"get": {"summary": summary, "responses": answers, "security": []}},
        )


def _operation(
    summary: str, asked: Any, answer: Any, slugs: tuple[str, ...], security: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "summary": summary,
        "security": security,
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "200": {"description": "Done", "content": {"application/json": {"schema": answer}}},
            **_problem_answers(slugs),
        },
    }


def _problem_answers(slugs: tuple[str, ...]) -> dict[str, Any]:
    by_status: dict[str, list[str]] = {}
    for slug in (*slugs, "internal-error"):
        by_status.setdefault(str(PROBLEMS[slug].status), []).append(slug)
    return {status: _problem_answer(tuple(some)) for status, some in by_status.items()}


def _problem_answer(slugs: tuple[str, ...]) -> dict[str, Any]:
    return {
        "description": ", ".join(slugs),
        "content": {"application/problem+json": {"schema": ProblemSchema}},
    }


def _resolve(schema: dict[str, Any]) -> str:
    """Return the name of the component that *schema* refers to, or nothing."""
    return str(schema.get("$ref", "")).rpartition("/")[2]
