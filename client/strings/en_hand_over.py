"""English texts of the other way home: bundles, answers, who carries what."""

from __future__ import annotations

STRINGS: dict[str, str] = {
    "handover.title": "By way of a colleague",
    "handover.open": "No network? A colleague can carry it",
    "handover.open_detail": "Save what waits as a file for a colleague who has a network",
    "handover.due_long": "Records have waited {n} days",
    "handover.due_storage": "The browser may clear what is kept here",
    "handover.due_detail": "Export a copy now, for a colleague who has a network to carry.",
    "handover.due_go": "Export",
    "handover.mine": "My records",
    "handover.explanation": (
        "Save the {n} records that wait as one file, and give it to a colleague by any app, "
        "Bluetooth or stick. Only the server can open it; your colleague can't read it."
    ),
    "handover.nothing": "No records wait",
    "handover.nothing_detail": "Records that wait to be uploaded can be saved as a file here.",
    "handover.export": "Export what waits",
    "handover.exported": (
        "{n} records exported. They stay on the phone until a receipt has come back."
    ),
    "handover.exported_part": (
        "The earliest {n} were exported, {left} had no room: export again once receipts are here."
    ),
    "handover.not_saved": "No file was saved; all records are still on the phone.",
    "handover.exported_at": (
        "Exported {when}, no receipt yet. Exporting again counts nothing twice."
    ),
    "handover.without_files": "Photos and voice notes are not in the file; they need a network.",
    "handover.import_answer": "Import receipts",
    "handover.settled": "The receipts are genuine: {n} records have arrived.",
    "handover.settled_none": "The receipts are genuine, but nothing in them is new.",
    "handover.for_others": "Carry for a colleague",
    "handover.for_others_explanation": (
        "You can't open a colleague's bundle, and need not. It is uploaded when there is a "
        "network; then give the receipts back."
    ),
    "handover.import_bundle": "Import a colleague's bundle",
    "handover.taken": "Taken. It is uploaded when there is a network.",
    "handover.taken_already": "This bundle is here already.",
    "handover.none_carried": "No colleague's bundle is here",
    "handover.none_carried_detail": "When a colleague has sent you a file, take it in above.",
    "handover.bundle": "Bundle {label}",
    "handover.taken_at": "Taken {when}",
    "handover.waiting": "{n} colleagues' bundles to upload",
    "handover.answers": "{n} receipt files to hand back",
    "handover.state.waiting": "To be uploaded",
    "handover.state.earlier": "Waits for an earlier bundle",
    "handover.state.answered": "Uploaded · receipts to hand back",
    "handover.state.handed_back": "Uploaded · receipts exported",
    "handover.state.refused": "Can't be uploaded",
    "handover.export_answer": "Export receipts",
    "handover.answer_saved": "Receipts exported. Send the file back to your colleague.",
    "handover.drop": "Delete",
    "handover.really_drop": "Delete it",
    "handover.dropped": "Deleted",
    "handover.file_bundle": "liandong-bundle-{label}.liandong",
    "handover.file_answer": "liandong-receipts-{label}.liandong",
    "problem.bundle-unreadable": "This can't be opened: no file of Liandong's, or not whole.",
    "remedy.bundle-unreadable": "Have it exported and sent again; no record here has changed.",
    "problem.bundle-too-new": "A newer version of Liandong made this file.",
    "remedy.bundle-too-new": "Open Liandong with a network to update it, then import again.",
    "problem.bundle-too-large": "The file is too large to be a bundle.",
    "remedy.bundle-too-large": "Ask your colleague to export it anew in Liandong.",
    "problem.bundle-foreign": "The bundle is for another organisation's server.",
    "remedy.bundle-foreign": "Ask your colleague where the phone is enrolled; nothing is lost.",
    "problem.bundle-origin-unknown": "The server does not know the phone that made this bundle.",
    "remedy.bundle-origin-unknown": "Your colleague needs a new code; nothing there is lost.",
    "problem.bundle-quota-reached": "Too many bundles were brought today.",
    "remedy.bundle-quota-reached": "Nothing to do: they go on later.",
    "problem.bundle-tray-full": "There is no room for another bundle.",
    "remedy.bundle-tray-full": "Upload first and export the receipts, or delete one.",
    "problem.answer-foreign": "These receipts are not for this phone.",
    "remedy.answer-foreign": (
        "Give them to whoever exported the bundle; a phone enrolled anew exports again."
    ),
    "problem.no-sealing-key": "This phone has not received the key for sealing yet.",
    "remedy.no-sealing-key": "Connect once; after that it can export without a network.",
    "problem.nothing-waits": "No records wait.",
    "remedy.nothing-waits": "There is nothing to export: all have been uploaded.",
}
