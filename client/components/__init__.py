"""Parts that screens are made of, in the app's own look; each passes its handlers to the guard.

- `text`: `title`, `heading`, `body`, `strong`, `note`.
- `buttons`: `primary_button`, `secondary_button`, `quiet_button`, `danger_button`, `icon_button`.
- `chips`: `choice_chips` (one of), `toggle_chips` (any of).
- `fields`: `text_field`, `phone_field`, `code_field`.
- `cards`: `card`, `tap_card`, `section`, `badge`, `banner`, `empty_state`, `fact`.
- `layout`: `page_body`, `gap`, `spread`, `bottom_action`.
- `dates`: `day_words`, `day_chips`.
- `paging`: `PagedList`.
- `guard`: `guarded` for a handler of a bare Flet control, `spawn` for work beside the app.
"""
