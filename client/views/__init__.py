"""The screens, by role; the shell around them and the registry that knows them.

How to add a screen
-------------------
1. Write a component that returns the screen's content (no `View`, no bar: the shell draws them)::

       @screen                                   # client.views.screen: ft.component + error place
       def LeadScreen(id: str) -> ft.Control:    # parts of the path and the query, as strings
           app, words, rows = use_app(), use_words(), use_world()
           async def accept() -> None:
               await app.field.record("accept_referral", NamedReferral(id=id))
               app.tell(words("lead.accepted"), tone="good")
               app.navigation.back()
           return page_body([...], footer=bottom_action(primary_button(words("…"), accept)))

2. Name it in the role's `WORKPLACE` (`client/views/<role>/__init__.py`)::

       WORKPLACE = Workplace(
           role=Role.WEALTH_MANAGER,
           tabs=(Tab("/wm/leads", "wm.leads", ft.Icons.INBOX_OUTLINED, ft.Icons.INBOX, LeadsTab),),
           screens=(Screen("/wm/lead/{id}", "wm.lead", LeadScreen),),
       )

   At most five tabs. "/wm/leads" and "wm.leads" are the location and the key of the title.
   An optional `Tab.count` (a function of the app) is shown as a number on the tab.

3. Add the `WORKPLACE` to `WORKPLACES` in `client/views/registry.py`.

4. Move with `app.navigation.open("/wm/lead/…")` (over what is shown), `.switch("/wm/leads")`
   (another tab), `.back()`.

Rules
-----
- Hooks (`use_…`, `ft.use_state`) at the top of a component, in the same order on each render.
- Handlers may be sync or async, with the event or without; the parts of `client.components` guard
  them. A handler on a bare Flet control goes through `guarded(...)`; a test finds one that does
  not. Let `RefusedError` fly: the guard says it in the person's words and says that nothing typed
  is lost.
- Words come from `words("key", fact=…)`, names of enumeration members from `words.name(member)`;
  no text in a view. Desk screens keep theirs in `client/strings/zh_desk.py` and `en_desk.py`.
- Colours are the roles of `client.design`; texts `client.components.text`.
- At most 100 rows mounted: `client.components.paging.PagedList`.
- `app.look.wide` (via `ft.use_state(app.look)`) tells the desk from the phone.
"""
