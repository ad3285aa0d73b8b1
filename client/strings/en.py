"""English texts of the shell: doors, sync, settings, days, what all screens share."""

from __future__ import annotations

STRINGS: dict[str, str] = {
    "app.name": "Liandong",
    "app.motto": "Post and village, together",
    "shell.back": "Back",
    "shell.roles": "Change role",
    "start.opening": "Opening…",
    "start.elsewhere": "Liandong is open in another window. Close that one, and it goes on here.",
    "error.screen": "This page can't be shown.",
    "error.screen_detail": (
        "Your records are all on the phone. Go back and open it again; if it stays, tell "
        "the administrator."
    ),
    "error.unexpected": (
        "Something went wrong and this step was not done. What you typed is still there: "
        "try again. (Code {code})"
    ),
    "error.copy": "Copy report",
    "error.copied": (
        "The report is copied; nothing about customers or you is in it. Send it to the "
        "administrator."
    ),
    "form.missing": "Something is still missing: see what is marked in red.",
    "form.choose_one": "Choose one",
    "form.cancel": "Cancel",
    "list.all": "All",
    "list.more": "{n} more",
    "list.earlier": "Earlier ones",
    "list.comma": ", ",
    "enrol.title": "Enrol this phone",
    "enrol.explanation": "Type the 12-character code that your branch gave you. Only once.",
    "enrol.from_link": "The code came with the link. Please confirm.",
    "enrol.code": "Enrolment code",
    "enrol.counted": "{n} of {of}",
    "enrol.go": "Start",
    "enrol.busy": "Enrolling…",
    "enrol.device": "Liandong phone",
    "enrol.help": "No code? Ask your branch head. A code works once; a new one can be made.",
    "pin.choose": "Choose a six-digit PIN",
    "pin.again": "Type the PIN again",
    "pin.enter": "Enter your PIN",
    "pin.choose_explanation": "It opens the app each time, with or without a network.",
    "pin.choose_help": "Don't use a birthday or 123456. The PIN stays on this phone.",
    "pin.differs": "The two differ: choose again.",
    "pin.dots": "{n} of {of} digits",
    "pin.delete": "Delete",
    "pin.wait": "Too many wrong tries: wait {n} seconds.",
    "pin.forgotten": (
        "PIN forgotten? Ask the branch head for a new code. Don't uninstall the app: what "
        "was not sent is on this phone."
    ),
    "pin.forget": "I forgot the PIN: choose a new one",
    "pin.forget_ready": "Enrolled.",
    "pin.forget_warning": (
        "If you remember the PIN, enter it and nothing is missing; with a new one, "
        "what was not sent stays on this phone, sealed under the old PIN."
    ),
    "settings.title": "Me",
    "settings.me": "Whose phone this is",
    "settings.name": "Name",
    "settings.number": "Staff number",
    "settings.outlet": "Outlet",
    "settings.roles": "Roles",
    "settings.language": "Language 语言",
    "settings.chinese": "中文",
    "settings.english": "English",
    "settings.type": "Type size",
    "settings.type_normal": "Normal",
    "settings.type_large": "Large",
    "settings.light": "Light",
    "settings.light_day": "Everyday",
    "settings.light_sun": "Bright sun",
    "settings.light_night": "Night",
    "settings.motion": "Motion",
    "settings.motion_usual": "As usual",
    "settings.motion_still": "Off",
    "settings.safety": "Safety",
    "settings.lock": "Lock",
    "settings.pin": "Change the PIN",
    "settings.pin_old": "First the PIN you have",
    "settings.pin_new": "Now a new PIN",
    "settings.pin_changed": "The PIN was changed.",
    "sync.title": "Sync",
    "sync.open": "See how the sync stands",
    "sync.chip.paused": "Sync paused",
    "sync.chip.needs_me": "{n} need you",
    "sync.chip.waiting": "{n} on phone · not sent",
    "sync.chip.never": "No contact yet",
    "sync.chip.offline": "Offline",
    "sync.chip.first": "Still downloading",
    "sync.chip.done": "Synced",
    "sync.chip.at": "Synced {when}",
    "sync.waiting": "Not uploaded",
    "sync.records": "{n}",
    "sync.since": "The oldest is of",
    "sync.contact": "Last contact",
    "sync.never": "Never",
    "sync.progress": "Fetching",
    "sync.pages": "Page {n}",
    "sync.needs_me": "Needs you",
    "sync.offline": "The server can't be reached now.",
    "sync.offline_detail": (
        "Go on recording: everything is kept on the phone and goes up by itself once ther"
        "e is a signal."
    ),
    "sync.damaged": "{n} records can't be read; they were set aside.",
    "sync.damaged_detail": "Tell the administrator, and don't uninstall the app.",
    "sync.rebuilt": "The local copy is being fetched anew; your records are not affected.",
    "sync.on_phone": "On this phone, not uploaded",
    "sync.nothing_waits": "All uploaded",
    "sync.and_more": "And {n} more",
    "sync.explanation": (
        "A record is kept on the phone first and survives a power cut. It goes up by itse"
        "lf when there is a network, and the server answers with a receipt number."
    ),
    "sync.explanation_paused": (
        "Records are kept on the phone and survive a power cut. None goes up now; they go on "
        "by themselves once what is said above is settled."
    ),
    "sync.now": "Sync now",
    "sync.running": "Syncing…",
    "sync.unreachable": (
        "The server can't be reached; it tries again by itself. Your records are on the phone."
    ),
    "sync.finished": "All synced.",
    "pause.kept": "The {n} records that have not gone up are kept on this phone.",
    "pause.kept_none": "All records have gone up.",
    "pause.more": "Details",
    "saved.paused": "Kept on this phone, not uploaded.",
    "when.today": "today",
    "when.tomorrow": "tomorrow",
    "when.overmorrow": "in two days",
    "when.yesterday": "yesterday",
    "when.weekday1": "Monday",
    "when.weekday2": "Tuesday",
    "when.weekday3": "Wednesday",
    "when.weekday4": "Thursday",
    "when.weekday5": "Friday",
    "when.weekday6": "Saturday",
    "when.weekday7": "Sunday",
    "when.date": "{month}/{day}",
    "when.date_year": "{year}/{month}/{day}",
    "when.day": "{said} {date}",
    "when.month": "{year}/{month}",
    "when.date_time": "{month}/{day} {time}",
    "when.just_now": "just now",
    "when.minutes_ago": "{n} min ago",
    "when.lunar": "lunar {month}/{day}",
    "when.span": "{start} to {end}",
    "dates.other": "Other day",
    "dates.calendar": "Calendar",
    "dates.market": "{date} market",
    "dates.pick": "Choose a day",
    "dates.cancel": "Cancel",
    "dates.confirm": "OK",
    "phone.no_digits": "A phone number has digits only",
    "phone.landline_short": "A landline needs its area code, like 0759",
    "phone.too_long": "The number is too long",
    "phone.no_such_start": "Mobile numbers begin with 13 to 19",
    "phone.missing": "{n} digits to go",
    "phone.whole": "The number is complete",
    "receipt.number": "Receipt {n}",
    "receipt.received": "Received · receipt {n}",
    "outbox.waiting": "On this phone · not uploaded",
    "outbox.will_be_refused": "On this phone · may be refused",
    "refusal.what": "Not accepted: {what} ({when})",
    "refusal.kept": "All that you typed is kept.",
    "refusal.again": "Change it and send again",
    "refusal.seen": "Seen",
    "refusal.seen_done": "Put away; it stays in the records.",
    "start.again": "Open it here",
    "start.still_elsewhere": "The other window is still open: close it first, then tap here.",
    "pin.has_code": "I have a new code",
    "enrol.back": "Back to the PIN",
    "pause.enrol": "Use a new code",
    "error.again": "Try again",
    "first.running": "Fetching your villages and customers…",
    "first.pages": "Page {n}",
    "first.waiting": "Your villages and customers are not here yet",
    "first.waiting_detail": (
        "They come by themselves once there is a signal. You can record leads meanwhile; "
        "nothing is lost."
    ),
    "broken.title": "Liandong can't be opened",
    "broken.explanation": (
        "Close it and open it again. If it stays, tell the administrator; don't uninstall"
        " the app: what was not sent is on this phone."
    ),
    "broken.code": "Code {code}",
}
