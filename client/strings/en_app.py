"""English texts of the app itself: its room on the phone, its installation, its releases."""

from __future__ import annotations

STRINGS: dict[str, str] = {
    "storage.full": "The phone is full: new records can't be kept.",
    "storage.full_detail": (
        "What was saved is all there. Delete some photos, videos or apps, then save again."
    ),
    "storage.low": "The phone is nearly full: Liandong has {left} left.",
    "storage.low_detail": "Delete some photos, videos or apps; sync once while there is a signal.",
    "storage.title": "Room on this phone",
    "storage.used": "Used",
    "storage.left": "Left",
    "storage.mb": "{n} MB",
    "storage.gb": "{n} GB",
    "storage.kept": (
        "The browser has promised to keep all this: it clears nothing of Liandong by itself."
    ),
    "storage.not_promised": (
        "The browser has not promised to keep this: short of room, it may clear what was not "
        "sent. Sync often; once Liandong is installed and used often, it promises."
    ),
    "storage.kept_seven_days": (
        "After 7 days without opening Liandong, the iPhone's browser clears its data, what was "
        "not sent as well. On the home screen it does not."
    ),
    "install.why": "Installed, it opens from its icon like any app, and its records are safer.",
    "install.go": "Install",
    "install.done": "Installed.",
    "install.by_hand": "Add to the home screen",
    "install.by_hand_how": (
        "Tap the browser's Share button (a box with an arrow up), choose “Add to Home Screen”, "
        "then “Add”."
    ),
    "about.title": "About Liandong",
    "about.version": "Version",
    "about.on_this_phone": "On this phone",
    "about.updated": "Liandong was updated to {version}",
    "about.understood": "Got it",
    "about.all_news": "See all",
    "about.release": "What {version} brought",
    "refused.title": "The browser lets Liandong keep nothing",
    "refused.explanation": (
        "Perhaps this is a private window, or cookies and site data are turned off. Open it in "
        "an ordinary window, and allow this site to save data in the browser's settings."
    ),
    "full.title": "The phone is full",
    "full.explanation": (
        "Delete some photos, videos or apps, then open Liandong again. What was saved is all there."
    ),
    # What each release brought, for the people who use it: three lines at most.
    "release.0.1.0": (
        "Record leads, sale dates and care cards with no network; they are sent by themselves.\n"
        "Every point says where it comes from.\n"
        "Photos and voice notes follow their records."
    ),
}
