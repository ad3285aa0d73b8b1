"""The entry that Flet's packager and the web app start."""

from __future__ import annotations

import flet as ft

from client.app import main

if __name__ == "__main__":
    ft.run(main)
