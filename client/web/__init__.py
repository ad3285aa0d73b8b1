"""The installable web app: its build, and the hand-written files that the build puts in place.

`python -m client.web.build --out build/web` makes a folder that any static server can serve.
Nothing of this package goes to the phone but the files under `site/`.
"""
