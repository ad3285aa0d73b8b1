"""The photos and voice notes of a record: add, look, listen, remove."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import flet as ft

from client.components.buttons import (
    danger_button,
    primary_button,
    quiet_button,
    secondary_button,
)
from client.components.cards import badge, card, section
from client.components.guard import guarded
from client.components.screen import part
from client.components.text import body, note
from client.components.when import clock
from client.design import GAP_S, RADIUS_S
from client.state import App, use_app, use_made, use_words, use_world
from client.status import FileItem, FileState
from client.strings import Words
from shared.domain.attachment import (
    ATTACHMENTS_MAX,
    KINDS,
    VOICE_SECONDS_MAX,
    AttachmentKind,
    AttachmentObject,
    bearer_of,
    people_of,
    takes_files,
)
from shared.domain.people import Staff
from shared.domain.rows import Rows

__all__ = ["AttachmentsPart"]

PHOTO_HEIGHT_MAX = 360
_TONES = {
    FileState.WAITING: "wait",
    FileState.SENDING: "wait",
    FileState.ATTACHED: "good",
    FileState.REFUSED: "bad",
}


class _PhotoPicker:
    """The system's camera or gallery, opened by the tap itself: a browser allows it only then."""

    def __init__(self, app: App, table: AttachmentObject, object_id: str) -> None:
        self._app = app
        self._table = table
        self._object_id = object_id
        self.picker = ft.FilePicker(on_result=guarded(self._take))

    def action(self) -> ft.PickFiles:
        return ft.PickFiles(
            self.picker,
            file_type=ft.FilePickerFileType.IMAGE,
            with_data=True,
            # A camera takes longer than a window is without the focus.
            cancel_upload_on_window_blur=False,
        )

    async def _take(self, event: ft.FilePickerResultEvent) -> None:
        app = self._app
        for file in event.files:
            content = file.bytes
            if content:
                await app.field.files.attach_photo(self._table, self._object_id, bytes(content))
                app.tell(app.words("files.photo_kept"), tone="good")


@part
def AttachmentsPart(table: AttachmentObject, object_id: str) -> ft.Control:
    """Show what hangs on an object, and let those who work on it add to it."""
    app, words, rows = use_app(), use_words(), use_world()
    items = app.field.files.of(object_id)
    controls = [FileCard(item, key=item.sha256) for item in items]
    if len(items) < ATTACHMENTS_MAX and _may_add(app, rows, table, object_id):
        controls.append(AddFiles(table, object_id, key="add"))
    if not controls:
        return ft.Container()
    return section(words(_title_of(table)), *controls)


@part
def FileCard(item: FileItem) -> ft.Control:
    """Show one file: how it stands, and what can be done with it."""
    app, words, rows = use_app(), use_words(), use_world()
    image, set_image = use_made(bytes)
    is_sure, set_sure = ft.use_state(False)

    async def look() -> None:
        if image:
            set_image(b"")
            return
        if not item.is_here:
            app.tell(words("files.fetching"))
        set_image(await app.field.files.content(item))

    async def remove() -> None:
        await app.field.files.remove(item)
        app.tell(words("files.removed"))

    buttons = [_open_button(app, item, words, is_open=bool(image), look=look)]
    if item.is_mine and is_sure:
        buttons.append(danger_button(words("files.really_remove"), remove))
    elif item.is_mine:
        buttons.append(
            quiet_button(
                words("files.remove"), lambda: set_sure(True), icon=ft.Icons.DELETE_OUTLINE
            )
        )
    return card(
        *_file_lines(app, rows, item, words),
        _photo(image, words) if image else None,
        ft.Row(buttons, wrap=True, spacing=GAP_S, run_spacing=GAP_S),
    )


@part
def AddFiles(table: AttachmentObject, object_id: str) -> ft.Control:
    """Offer the camera and the microphone, as far as such an object and this device have them."""
    app, words = use_app(), use_words()
    picker, _ = use_made(lambda: _PhotoPicker(app, table, object_id))
    is_recording, set_recording = ft.use_state(False)
    files = app.field.files

    async def record() -> None:
        await files.start_recording(table, object_id)
        set_recording(True)

    async def stop() -> None:
        set_recording(False)
        await files.keep_recording(table, object_id)
        app.tell(words("files.voice_kept"), tone="good")

    async def cancel() -> None:
        set_recording(False)
        await files.drop_recording()

    if is_recording:
        return _recording_card(words, stop, cancel)
    buttons: list[ft.Control] = []
    if AttachmentKind.PHOTO in KINDS[table] and files.takes_photos:
        photo = secondary_button(
            words("files.add_photo"), None, icon=ft.Icons.PHOTO_CAMERA_OUTLINED
        )
        photo.action = picker.action()
        buttons.append(photo)
    if AttachmentKind.VOICE in KINDS[table] and files.records_sound:
        buttons.append(secondary_button(words("files.add_voice"), record, icon=ft.Icons.MIC_NONE))
    return ft.Column(buttons, spacing=GAP_S, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


def _may_add(app: App, rows: Rows, table: AttachmentObject, object_id: str) -> bool:
    bearer = bearer_of(rows, table, object_id)
    return bearer is not None and app.field.me.id in people_of(bearer) and takes_files(bearer)


def _title_of(table: AttachmentObject) -> str:
    kinds = KINDS[table]
    if len(kinds) > 1:
        return "files.title"
    return "files.title_photo" if AttachmentKind.PHOTO in kinds else "files.title_voice"


def _file_lines(app: App, rows: Rows, item: FileItem, words: Words) -> list[ft.Control]:
    author = rows.get(Staff, item.made_by_id)
    who = words("files.by_me") if item.is_mine else (author.name if author else "")
    kind = words("files.photo" if item.kind is AttachmentKind.PHOTO else "files.voice")
    at = clock(item.made_at, app.field.now(), words)
    state = words(f"files.state.{item.state}", percent=item.sent_percent)
    lines: list[ft.Control] = [
        body(words("files.line", kind=kind, at=at, who=who)),
        ft.Row([badge(state, _TONES[item.state])]),
    ]
    if item.problem is not None:
        said = words.problem(item.problem.slug, item.problem.facts)
        lines.append(note(f"{said} {words.remedy(item.problem.slug)}"))
    return lines


def _photo(image: bytes, words: Words) -> ft.Control:
    return ft.Image(
        src=image,
        fit=ft.BoxFit.CONTAIN,
        height=PHOTO_HEIGHT_MAX,
        border_radius=RADIUS_S,
        gapless_playback=True,
        semantics_label=words("files.photo"),
    )


def _open_button(
    app: App, item: FileItem, words: Words, *, is_open: bool, look: Callable[[], object]
) -> ft.Control:
    if item.kind is AttachmentKind.VOICE:
        return quiet_button(
            words("files.play"), partial(app.field.files.play, item), icon=ft.Icons.PLAY_ARROW
        )
    return quiet_button(
        words("files.hide" if is_open else "files.look"), look, icon=ft.Icons.IMAGE_OUTLINED
    )


def _recording_card(
    words: Words, stop: Callable[[], object], cancel: Callable[[], object]
) -> ft.Control:
    return card(
        ft.Semantics(
            live_region=True,
            content=body(words("files.recording", seconds=VOICE_SECONDS_MAX)),
        ),
        primary_button(words("files.stop"), stop, icon=ft.Icons.STOP),
        quiet_button(words("files.cancel"), cancel, icon=ft.Icons.CLOSE),
        tone="bad",
    )
