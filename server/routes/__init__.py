"""What can be asked over HTTP; each route reads, hands on, and writes the answer."""

from __future__ import annotations

from flask import Blueprint

from server.routes import blobs, bundles, health, reference, sync

__all__ = ["PUBLIC", "blueprints"]

PUBLIC = frozenset(
    {
        "health.get_healthz",
        "health.get_readyz",
        "reference.get_openapi",
        "reference.get_reference",
        "sync.post_enrol",
    }
)
"""The endpoints that answer strangers; all others ask for a device's signature."""


def blueprints() -> tuple[Blueprint, ...]:
    """Return all routes."""
    return (
        health.blueprint,
        reference.blueprint,
        sync.blueprint,
        blobs.blueprint,
        bundles.blueprint,
    )
