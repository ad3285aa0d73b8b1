"""The pad for a PIN: six dots and twelve big keys; digits of a keyboard work too."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.guard import guarded
from client.components.keyboard import use_keys
from client.components.screen import part
from client.design import CARD, GAP, GAP_S, INK, LEAF, LINE, LINE_SOFT
from client.strings import Words

__all__ = ["PIN_LENGTH", "PinPad", "next_pin"]

PIN_LENGTH = 6
KEY_HEIGHT = 64
BACKSPACE = "Backspace"


def next_pin(pin: str, key: str) -> str:
    """Return the PIN after *key* (a digit or Backspace) was pressed; other keys do nothing."""
    if key == BACKSPACE:
        return pin[:-1]
    digit = key.removeprefix("Numpad ").removeprefix("Numpad")
    if len(digit) == 1 and digit.isascii() and digit.isdigit() and len(pin) < PIN_LENGTH:
        return pin + digit
    return pin


@part
def PinPad(
    words: Words,
    pin: str,
    on_pin: Callable[[str], object],
    *,
    is_busy: bool = False,
    is_off: bool = False,
) -> ft.Control:
    """Show the dots of *pin* and the keys; *on_pin* gets it after each key.

    While *is_off* no key is taken, and none looks as if it were: nothing is being worked on.
    """
    # Fingers are faster than a slow phone draws: a key counts on from the key before it, not
    # from what is on the screen.
    held = ft.use_ref(pin)
    held.current = pin

    def press(key: str) -> object:
        before = held.current or ""
        pressed = next_pin(before, key)
        if is_busy or is_off or pressed == before:
            return None
        # A whole PIN is taken; the next key begins another.
        held.current = "" if len(pressed) == PIN_LENGTH else pressed
        return on_pin(pressed)

    use_keys(press)
    rows = (("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9"), ("", "0", BACKSPACE))
    return ft.Column(
        [
            _dots(len(pin), words),
            ft.Container(
                ft.ProgressBar(color=LEAF, bgcolor=LINE_SOFT) if is_busy else None, height=4
            ),
            *(
                ft.Row([_key(key, words, press, is_off=is_off) for key in row], spacing=GAP_S)
                for row in rows
            ),
        ],
        spacing=GAP_S,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _dots(filled: int, words: Words) -> ft.Control:
    dots: list[ft.Control] = [
        ft.Container(
            width=16,
            height=16,
            border_radius=8,
            bgcolor=LEAF if at < filled else None,
            border=ft.Border.all(2, LEAF if at < filled else LINE),
        )
        for at in range(PIN_LENGTH)
    ]
    return ft.Semantics(
        label=words("pin.dots", n=filled, of=PIN_LENGTH),
        live_region=True,
        content=ft.Container(
            ft.Row(dots, alignment=ft.MainAxisAlignment.CENTER, spacing=GAP),
            padding=ft.Padding.symmetric(vertical=GAP),
        ),
    )


def _key(key: str, words: Words, press: Callable[[str], object], *, is_off: bool) -> ft.Control:
    if not key:
        return ft.Container(expand=True, height=KEY_HEIGHT)
    is_back = key == BACKSPACE
    ink = LINE if is_off else INK
    return ft.TextButton(
        content=ft.Icon(
            ft.Icons.BACKSPACE_OUTLINED, color=ink, size=26, semantics_label=words("pin.delete")
        )
        if is_back
        else ft.Text(key, theme_style=ft.TextThemeStyle.HEADLINE_SMALL, color=ink),
        tooltip=words("pin.delete") if is_back else None,
        on_click=guarded(lambda: press(key)),
        disabled=is_off,
        expand=True,
        height=KEY_HEIGHT,
        style=ft.ButtonStyle(
            shape=ft.RoundedRectangleBorder(radius=KEY_HEIGHT // 2),
            bgcolor=None if is_back else CARD,
            side=None if is_back else ft.BorderSide(1, LINE_SOFT),
            padding=0,
        ),
    )
