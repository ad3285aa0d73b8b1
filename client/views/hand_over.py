"""Another way home: records out as a sealed file, colleagues' files in, receipts both ways."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import flet as ft

from client.components.buttons import (
    danger_button,
    primary_button,
    quiet_button,
    secondary_button,
)
from client.components.cards import badge, banner, card, empty_state, section, tap_card
from client.components.guard import guarded
from client.components.layout import page_body
from client.components.screen import part
from client.components.text import body, note, strong
from client.components.when import clock
from client.design import GAP_S
from client.state import App, use_app, use_made, use_words, use_world
from client.status import (
    CarriedBundle,
    CarriedState,
    ExportedFile,
    FileTaken,
    InstallationStatus,
    SyncStatus,
)
from client.strings import Words
from client.views.workplace import screen

__all__ = ["HandOverEntry", "HandOverScreen"]

LONG_AGO = dt.timedelta(days=2)
"""After that a record should not wait for the network alone."""
_TONES = {
    CarriedState.WAITING: "wait",
    CarriedState.EARLIER: "wait",
    CarriedState.ANSWERED: "good",
    CarriedState.REFUSED: "bad",
}


class _Files:
    """The system's dialogs for files; a browser opens the one for choosing only by the tap."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.picker = ft.FilePicker(on_result=guarded(self._take))

    def choosing(self, text: str, icon: ft.IconData) -> ft.Control:
        """Offer to choose a file; what it is shows when it is here."""
        button = secondary_button(text, None, icon=icon)
        button.action = ft.PickFiles(
            self.picker,
            # By name nothing is kept out: systems know nothing of our suffix.
            file_type=ft.FilePickerFileType.ANY,
            with_data=True,
            cancel_upload_on_window_blur=False,
        )
        return button

    async def save(self, name: str, file: ExportedFile) -> bool:
        """Let the person save *file*; tell whether they did, as far as that can be known."""
        saved = await self.picker.save_file(file_name=name, src_bytes=file.content)
        return bool(saved) or bool(ft.context.page.web)

    async def _take(self, event: ft.FilePickerResultEvent) -> None:
        app = self._app
        for file in event.files:
            if file.bytes is not None:
                taken = await app.field.hand_over.take(bytes(file.bytes))
                _tell_taken(app, taken)


@part
def HandOverEntry() -> ft.Control:
    """Lead to the other way home; more loudly when somebody needs it."""
    app, words = use_app(), use_words()
    use_world()
    sync, _ = ft.use_state(app.sync)
    installation, _ = ft.use_state(app.installation)
    carried = app.field.hand_over.carried()
    lines = [_summary(carried, words) or note(words("handover.open_detail"))]

    def go() -> None:
        app.navigation.open("/hand-over")

    due = _due(app, sync.status, installation.status, words)
    if due:
        return banner(
            due,
            icon=ft.Icons.FILE_UPLOAD_OUTLINED,
            detail=words("handover.due_detail"),
            actions=[secondary_button(words("handover.due_go"), go)],
        )
    return tap_card(
        strong(words("handover.open")),
        *lines,
        on_click=go,
        leading=ft.Icon(ft.Icons.SEND_TO_MOBILE),
    )


@screen
def HandOverScreen() -> ft.Control:
    """Export and import, for oneself and for colleagues."""
    app, words = use_app(), use_words()
    use_world()
    sync, _ = ft.use_state(app.sync)
    files, _ = use_made(lambda: _Files(app))
    is_busy, set_busy = ft.use_state(False)
    status = sync.status

    async def export() -> None:
        set_busy(True)
        try:
            made = await app.field.hand_over.export()
            is_saved = await files.save(words("handover.file_bundle", label=made.label), made)
            if is_saved:
                await app.field.hand_over.note_exported(made)
        finally:
            set_busy(False)
        _tell_exported(app, made, is_saved=is_saved)

    carried = app.field.hand_over.carried()
    return page_body(
        [
            section(
                words("handover.mine"),
                *_own_lines(app, status, words),
                primary_button(
                    words("handover.export"),
                    export,
                    icon=ft.Icons.FILE_UPLOAD_OUTLINED,
                    disabled=is_busy or not status.waiting,
                ),
                files.choosing(words("handover.import_answer"), ft.Icons.FACT_CHECK_OUTLINED),
            ),
            section(
                words("handover.for_others"),
                body(words("handover.for_others_explanation")),
                files.choosing(words("handover.import_bundle"), ft.Icons.FILE_DOWNLOAD_OUTLINED),
                *(CarriedCard(files, one, key=one.digest) for one in carried),
                None if carried else _none_carried(words),
            ),
        ]
    )


@part
def CarriedCard(files: _Files, bundle: CarriedBundle) -> ft.Control:
    """Show one colleague's bundle: how far it is, and its receipts."""
    app, words = use_app(), use_words()
    is_sure, set_sure = ft.use_state(False)

    async def save_answer() -> None:
        answer = await app.field.hand_over.answer(bundle.digest)
        if await files.save(words("handover.file_answer", label=answer.label), answer):
            await app.field.hand_over.note_handed_back(bundle.digest)
            app.tell(words("handover.answer_saved"), tone="good")
        else:
            app.tell(words("handover.not_saved"), tone="wait")

    async def drop() -> None:
        await app.field.hand_over.drop(bundle.digest)
        app.tell(words("handover.dropped"))

    buttons: list[ft.Control] = []
    if bundle.has_answer:
        buttons.append(
            secondary_button(words("handover.export_answer"), save_answer, icon=ft.Icons.REPLY)
        )
    if is_sure:
        buttons.append(danger_button(words("handover.really_drop"), drop))
    else:
        buttons.append(
            quiet_button(
                words("handover.drop"), lambda: set_sure(True), icon=ft.Icons.DELETE_OUTLINE
            )
        )
    return card(
        strong(words("handover.bundle", label=bundle.label)),
        ft.Row([badge(_state_words(bundle, words), _TONES[bundle.state])], wrap=True),
        _problem(bundle, words),
        note(words("handover.taken_at", when=clock(bundle.taken_at, app.field.now(), words))),
        ft.Row(buttons, wrap=True, spacing=GAP_S, run_spacing=GAP_S),
    )


def _own_lines(app: App, status: SyncStatus, words: Words) -> list[ft.Control]:
    if not status.waiting:
        return [
            empty_state(
                words("handover.nothing"),
                detail=words("handover.nothing_detail"),
                icon=ft.Icons.CLOUD_DONE_OUTLINED,
            )
        ]
    lines: list[ft.Control] = [body(words("handover.explanation", n=status.waiting))]
    before = app.field.hand_over.handed_over
    if before is not None:
        when = clock(before.at, app.field.now(), words)
        lines.append(note(words("handover.exported_at", when=when)))
    if status.files_waiting:
        lines.append(note(words("handover.without_files")))
    return lines


def _due(
    app: App, status: SyncStatus, installation: InstallationStatus, words: Words
) -> str | None:
    """Return why what waits should go another way now, if anything speaks for it."""
    if not status.waiting:
        return None
    since = status.waiting_since
    waited = dt.timedelta() if since is None else app.field.now() - since
    if waited >= LONG_AGO:
        return words("handover.due_long", n=waited.days)
    if installation.is_persistent is False:
        return words("handover.due_storage")
    return None


def _summary(carried: Sequence[CarriedBundle], words: Words) -> ft.Control | None:
    """Say what of colleagues' is on its way through this phone."""
    on_the_way = {CarriedState.WAITING, CarriedState.EARLIER}
    waiting = sum(one.state in on_the_way for one in carried)
    answers = sum(one.has_answer and not one.is_handed_back for one in carried)
    said = [
        words("handover.waiting", n=waiting) if waiting else "",
        words("handover.answers", n=answers) if answers else "",
    ]
    text = words("list.comma").join(one for one in said if one)
    return body(text) if text else None


def _none_carried(words: Words) -> ft.Control:
    return empty_state(
        words("handover.none_carried"),
        detail=words("handover.none_carried_detail"),
        icon=ft.Icons.INBOX_OUTLINED,
    )


def _state_words(bundle: CarriedBundle, words: Words) -> str:
    if bundle.state is CarriedState.ANSWERED and bundle.is_handed_back:
        return words("handover.state.handed_back")
    return words(f"handover.state.{bundle.state}")


def _problem(bundle: CarriedBundle, words: Words) -> ft.Control | None:
    if bundle.problem is None:
        return None
    slug = bundle.problem.slug
    return note(words.joined(words.problem(slug), words.remedy(slug)))


def _tell_exported(app: App, made: ExportedFile, *, is_saved: bool) -> None:
    words = app.words
    if not is_saved:
        app.tell(words("handover.not_saved"), tone="wait")
    elif made.left_out:
        app.tell(words("handover.exported_part", n=made.records, left=made.left_out), tone="wait")
    else:
        app.tell(words("handover.exported", n=made.records), tone="good")


def _tell_taken(app: App, taken: FileTaken) -> None:
    words = app.words
    if taken.bundle is not None:
        is_news = taken.bundle.state is CarriedState.WAITING
        app.tell(words("handover.taken" if is_news else "handover.taken_already"), tone="good")
    elif taken.problem is not None:
        slug = taken.problem.slug
        app.tell(
            words.joined(words.problem(slug, taken.problem.facts), words.remedy(slug)), tone="bad"
        )
    elif taken.settled:
        app.tell(words("handover.settled", n=taken.settled), tone="good")
    else:
        app.tell(words("handover.settled_none"), tone="good")
