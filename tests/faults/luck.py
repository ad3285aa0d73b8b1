"""Chance that can be had again: from a seed, for faults and never for secrets."""

from __future__ import annotations

import random

__all__ = ["luck"]


def luck(*seed: object) -> random.Random:
    """Return a generator that draws the same for the same *seed*."""
    return random.Random("/".join(map(str, seed)))  # noqa: S311
