"""Processes that begin in milliseconds: forked from one that has imported everything already."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext

__all__ = ["forkserver"]

_PRELOADED = ["tests.faults.phone_process", "tests.faults.server_process"]


def forkserver() -> ForkServerContext:
    """Return what starts such processes; each is a true process, to be killed as one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context
