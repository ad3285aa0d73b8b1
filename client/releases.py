"""The app's releases; what is new in each is said by the texts `release.<version>`."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["RELEASES", "VERSION", "news_since"]

RELEASES = ("0.1.0",)
"""Oldest first; the last is this app, of the version that pyproject.toml names."""

VERSION = RELEASES[-1]


def news_since(seen: str | None, releases: Sequence[str] = RELEASES) -> tuple[str, ...]:
    """Return the releases after *seen*, newest first; all of them when it is none of them."""
    after = releases.index(seen) + 1 if seen in releases else 0
    return tuple(reversed(releases[after:]))
