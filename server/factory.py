"""The application, made of its settings; nothing is read from the environment here."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from server import routes
from server.clock import Clock, SystemClock
from server.config import Config
from server.crowd import watch_crowd
from server.database import PLACES, Places, harden
from server.identity import ReceiptSigner
from server.logs import log_requests
from server.models import db
from server.mutations.batch import WriteDoor
from server.problems import install_problem_handler
from server.reactions import FORESIGHT, REACTIONS
from server.sealing import SealingKeys
from server.services import EXTENSION, Services
from server.web import secure_answers, serve_web_app

__all__ = ["create_app"]

CONNECT_S_MAX = 5
POOL_WAIT_S = 10


def create_app(config: Config, *, clock: Clock | None = None) -> Flask:
    """Return the application with these settings; its database is migrated apart.

    Args:
        config: All that it is told.
        clock: The time, if not the machine's.
    """
    clock = clock or SystemClock()
    app = Flask("liandong", static_folder=None)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(config),
        MAX_CONTENT_LENGTH=config.body_bytes_max,
    )
    db.init_app(app)
    with app.app_context():
        harden(db.engine)
    door = WriteDoor(
        reactions=REACTIONS,
        signer=ReceiptSigner.from_number(config.receipt_key),
        clock=clock,
        foresight=FORESIGHT,
    )
    sealing = SealingKeys.from_numbers(config.sealing_keys, door.signer)
    app.extensions[EXTENSION] = Services(config, door, sealing)
    log_requests(app, clock)
    install_problem_handler(app)
    watch_crowd(app, app.extensions[EXTENSION].crowd, clock)
    https = config.origin.startswith("https://")
    secure_answers(app, https=https)
    for blueprint in routes.blueprints():
        app.register_blueprint(blueprint)
    if config.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=config.proxies, x_proto=0, x_host=0
        )
    if config.web_dir is not None:
        serve_web_app(app, config.web_dir, https=https)
    return app


def _engine_options(config: Config) -> dict[str, Any]:
    options: dict[str, Any] = {
        "execution_options": {PLACES: Places(config.erasures_file, config.blobs_dir)},
        # Errors and logs must not quote rows: they hold names.
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_timeout": POOL_WAIT_S,
    }
    if config.database_url.startswith("postgresql"):
        # The driver would wait two minutes for a machine that is off, and all threads with it.
        options["connect_args"] = {"connect_timeout": CONNECT_S_MAX}
    return options
