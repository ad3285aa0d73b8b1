"""The first minutes with a phone, by hand: the link, the PIN; and each start after that."""

from __future__ import annotations

from tests.browser.driver import Phone

__all__ = ["PIN", "SLOW_MS_MAX", "accept", "enrol", "unlock"]

PIN = "246810"

# Keys are stretched on purpose, and the first sync brings the county.
SLOW_MS_MAX = 90_000


def enrol(phone: Phone, link: str, greeting: str) -> Phone:
    """Open *link* on a new phone, choose the PIN, and wait for *greeting* on the first screen."""
    return accept(phone.start(link), greeting)


def accept(phone: Phone, greeting: str) -> Phone:
    """Go on from the code that the link has filled in."""
    phone.tap("button", "开始使用")
    phone.see("设一个 6 位 PIN", within_ms=SLOW_MS_MAX)
    type_pin(phone)
    phone.see("再输一次 PIN")
    type_pin(phone)
    phone.see(greeting, within_ms=SLOW_MS_MAX)
    return phone


def unlock(phone: Phone, greeting: str) -> None:
    """Give the PIN to a phone that was started again."""
    phone.see("输入 PIN")
    type_pin(phone)
    phone.see(greeting, within_ms=SLOW_MS_MAX)


def type_pin(phone: Phone) -> None:
    """Type the PIN on the keyboard, as fast as it takes it."""
    for digit in PIN:
        phone.page.keyboard.press(digit)
