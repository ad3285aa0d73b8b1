"""The web app's browser killed, at a small size."""

from __future__ import annotations

import pytest

from tests.faults.browser_kill import kill_browser

pytestmark = [pytest.mark.browser, pytest.mark.night]


def test_killed_browser_has_all_that_its_screen_called_saved() -> None:
    report = kill_browser(kills=1, seed=9)
    assert report.violations == [], report.text()
    assert report.counts["kills"] == 1
    assert report.counts["said to be saved"] > 0
    assert report.counts["found by name after a start"] > 0
