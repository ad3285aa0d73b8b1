"""The application, made of its settings; nothing is read from the environment here."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from server import routes
from server.clock import Clock, SystemClock
from server.config import Config
from server.database import harden
from server.identity import ReceiptSigner
from server.logs import log_requests
from server.models import db
from server.mutations.batch import WriteDoor
from server.problems import install_problem_handler
from server.reactions import FORESIGHT, REACTIONS
from server.services import EXTENSION, Services
from server.web import secure_answers, serve_web_app

__all__ = ["create_app"]


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
        # Errors and logs must not quote rows: they hold names.
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True, "pool_pre_ping": True},
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
    app.extensions[EXTENSION] = Services(config, door)
    log_requests(app, clock)
    install_problem_handler(app)
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
