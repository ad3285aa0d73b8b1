"""The demo county: invented, near Zhanjiang, and living through the same doors as a real one."""

from __future__ import annotations

from server.demo.loading import load_demo, load_small_demo
from server.demo.phone import own_address
from server.demo.serving import run_demo
from server.demo.workbook import make_workbook

__all__ = ["load_demo", "load_small_demo", "make_workbook", "own_address", "run_demo"]
