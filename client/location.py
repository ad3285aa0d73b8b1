"""Locations: a path, and what it is about, in the query."""

from __future__ import annotations

from urllib.parse import quote, urlencode

__all__ = ["location"]


def location(path: str, /, **query: str | None) -> str:
    """Return the location of *path* with those values of *query* that are given."""
    given = {name: value for name, value in query.items() if value}
    return f"{quote(path)}?{urlencode(given)}" if given else quote(path)
