"""A Chromium to be killed: a process of ours with a lasting profile, driven from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Playwright

from tests.browser.driver import CHROMIUM_ARGUMENTS, Phone
from tests.faults.live_server import children_of, is_alive

__all__ = ["KilledBrowser"]

READY_WITHIN_S = 60.0
SIZE = {"width": 390, "height": 844}


class KilledBrowser:
    """One browser with one profile, in as many lives as it takes."""

    def __init__(self, playwright: Playwright, chromium: Path, profile: Path) -> None:
        """Keep all that the browser keeps in *profile*."""
        self._playwright = playwright
        self._chromium = chromium
        self._profile = profile
        self._process: subprocess.Popen[bytes]
        self._context: BrowserContext

    def start(self) -> Phone:
        """Begin a life; return its first tab, with nothing opened in it."""
        told = self._profile / "DevToolsActivePort"
        told.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [
                self._chromium,
                *CHROMIUM_ARGUMENTS,
                "--headless",
                "--disable-breakpad",
                "--hide-crash-restore-bubble",
                "--lang=zh-CN",
                "--remote-debugging-port=0",
                f"--user-data-dir={self._profile}",
                f"--window-size={SIZE['width']},{SIZE['height']}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port = self._port(told)
        browser = self._playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        self._context = browser.contexts[0]
        return self.tab()

    def tab(self) -> Phone:
        """Open another tab."""
        page = self._context.new_page()
        page.set_viewport_size({"width": SIZE["width"], "height": SIZE["height"]})
        return Phone(self._context, page)

    def kill(self) -> None:
        """Kill every process of the browser at once, as a dead battery would; again: nothing."""
        processes = [self._process.pid, *_descendants(self._process.pid)]
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        deadline = time.perf_counter() + READY_WITHIN_S
        while any(is_alive(pid) for pid in processes):
            assert time.perf_counter() < deadline, "a killed process lives on"
            time.sleep(0.005)

    def close(self) -> None:
        """End it for good."""
        self.kill()
        with contextlib.suppress(Error):
            assert self._context.browser is not None
            self._context.browser.close()

    def _port(self, told: Path) -> int:
        deadline = time.perf_counter() + READY_WITHIN_S
        while time.perf_counter() < deadline:
            assert self._process.poll() is None, "the browser ended at once"
            with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
                return int(told.read_text().splitlines()[0])
            time.sleep(0.02)
        raise TimeoutError("the browser names no port")


def _descendants(pid: int) -> Iterator[int]:
    for child in children_of(pid):
        yield child
        yield from _descendants(child)
