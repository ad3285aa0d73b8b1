"""What assistive technology is told of a screen, read from the browser, and what is wrong with it.

Flutter writes its semantics tree into the page: an element for each control, with its role, its
name and its place, in the order in which a screen reader goes. The colours' contrast is checked
without a browser (tests/client/test_design.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

from client.design import TARGET

__all__ = ["Control", "controls_of", "faults_in"]

READ_TREE = """() => {
  const roles = ["button", "tab", "checkbox", "radio", "switch", "link", "menuitem", "slider"];
  const touched = roles.map((role) => `[role=${role}]`).join() + ",[flt-tappable],input,textarea";
  const host = document.querySelector("flt-semantics-host");
  return [...host.querySelectorAll(touched)].filter((node) =>
    getComputedStyle(node).visibility !== "hidden" && !node.closest("[aria-hidden=true]")
  ).map((node) => {
    const box = node.getBoundingClientRect();
    const frame = node.parentElement.closest("flt-semantics[style*=overflow],[role=group]");
    const seen = (frame ?? document.documentElement).getBoundingClientRect();
    const name = node.getAttribute("aria-label") || node.innerText || "";
    return {
      role: node.getAttribute("role") || (node.matches("input,textarea") ? "textbox" : ""),
      name: name.trim(),
      is_disabled: node.disabled === true || node.getAttribute("aria-disabled") === "true",
      is_reached: node.matches("input,textarea,[tabindex='0']"),
      left: box.left, top: box.top, right: box.right, bottom: box.bottom,
      // What is scrolled half out of its frame ends at the frame's edge.
      is_cut: frame !== null && (box.top <= seen.top + 1 || box.bottom >= seen.bottom - 1 ||
        box.left < seen.left - 1 || box.right > seen.right + 1),
    };
  });
}"""
# A pixel of rounding is no fault.
SLACK = 1.0
HAN = re.compile("[\u3400-\u9fff]")
# What is the same in Chinese: figures, and the language's own name.
PLAIN = re.compile(r"^[\d\s+\-./:%]*$|^English$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One thing to touch, as assistive technology is told of it; in pixels of the screen."""

    role: str
    name: str
    left: float
    top: float
    right: float
    bottom: float
    is_disabled: bool = False
    is_reached: bool = True
    is_cut: bool = False

    def __str__(self) -> str:
        """Say what and where it is."""
        size = f"{self.right - self.left:.0f}x{self.bottom - self.top:.0f}"
        return f"{self.role or '?'} {self.name[:40]!r} at {self.left:.0f},{self.top:.0f} {size}"

    @property
    def smaller_side(self) -> float:
        """Return the shorter of width and height."""
        return min(self.right - self.left, self.bottom - self.top)


def controls_of(page: Page) -> list[Control]:
    """Return the screen's controls in the order in which they are read."""
    found: list[dict[str, Any]] = page.evaluate(READ_TREE)
    return [Control(**one) for one in found]


def faults_in(controls: list[Control]) -> list[str]:
    """Say what is wrong: no name or none in Chinese, no role, out of reach, too small, disorder."""
    faults = [f"no role: {one}" for one in controls if not one.role]
    faults += [f"no name: {one}" for one in controls if not one.name]
    faults += [
        f"not in Chinese: {one}"
        for one in controls
        if not HAN.search(one.name) and not PLAIN.match(one.name)
    ]
    faults += [
        f"out of a keyboard's reach: {one}"
        for one in controls
        if not one.is_reached and not one.is_disabled
    ]
    faults += [
        f"smaller than {TARGET} px: {one}"
        for one in controls
        # What is scrolled half out of sight is told by the half that is seen.
        if not one.is_cut and one.smaller_side < TARGET - SLACK
    ]
    faults += [
        f"read too late: {after}, after {before}"
        for before, after in pairwise(controls)
        if after.bottom <= before.top + SLACK
        and _share_a_column(before, after)
        # What is out of sight lies beyond the bar that stands still below the list.
        and not before.is_cut
    ]
    return faults


def _share_a_column(one: Control, other: Control) -> bool:
    """Tell whether two controls stand over one another; each column is read by itself."""
    shared = min(one.right, other.right) - max(one.left, other.left)
    return shared > min(one.right - one.left, other.right - other.left) / 2
