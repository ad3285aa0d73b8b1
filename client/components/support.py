"""A fault in words that can be sent to whoever mends it: copied, to be pasted where people talk.

There is no channel of its own for it: what has just failed may be the very way to the server, and
everybody has a chat with the administrator.
"""

from __future__ import annotations

import flet as ft

from client.components.buttons import quiet_button
from client.design import INK
from client.failures import report
from client.state import App
from client.strings import Words

__all__ = ["copy_report", "copy_report_button"]


async def copy_report(app: App, error: Exception) -> None:
    """Put the report of *error* on the clipboard, and say whom to send it to."""
    await ft.Clipboard().set(report(error, app.field.now()))
    app.tell(app.words("error.copied"), tone="good")


def copy_report_button(
    app: App, error: Exception, words: Words, *, color: ft.ColorValue = INK
) -> ft.Control:
    """Offer `copy_report`."""
    return quiet_button(
        words("error.copy"), lambda: copy_report(app, error), icon=ft.Icons.COPY, color=color
    )
