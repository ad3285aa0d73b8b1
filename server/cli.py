"""The command line: `liandong …`; each command is a few lines over what does the work."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import click
from flask import Flask

from server.clock import SystemClock
from server.config import Config, ConfigError
from server.factory import create_app
from server.logs import configure_logs

__all__ = ["main"]

EXIT_PORT_TAKEN = 2


@click.group()
def main() -> None:
    """联动: the server, its database, and what an administrator does by hand."""


def _config() -> Config:
    try:
        config = Config.from_env(os.environ)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    configure_logs(config.log_format)
    return config


def _app() -> Flask:
    return create_app(_config())


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", type=int, help="Processes; on SQLite one, for it has one writer anyway.")
@click.option("--threads", default=8, show_default=True)
def serve(host: str, port: int, workers: int | None, threads: int) -> None:
    """Run the server."""
    from server import backup  # noqa: PLC0415 - loads the models
    from server.serving import serve as run  # noqa: PLC0415 - gunicorn is of no use elsewhere

    config = _config()
    demand_free_port(host, port)
    on_sqlite = config.database_url.startswith("sqlite")
    with _backup_errors(), backup.hold_database(config):
        erased = backup.erase_again(config)  # Before anybody is answered.
        if erased:
            click.echo(f"{erased} customers of the list of erasures were in the database; gone.")
        run(
            create_app(config),
            host=host,
            port=port,
            workers=workers or (1 if on_sqlite else os.cpu_count() or 1),
            threads=threads,
        )


def demand_free_port(host: str, port: int) -> None:
    """End the program, saying what to do, when somebody listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            click.echo(
                f"端口 {port} 已被占用，请换一个，例如：PORT={port + 1} make demo\n"
                f"Port {port} is taken; choose another, for example: PORT={port + 1} make demo",
                err=True,
            )
            sys.exit(EXIT_PORT_TAKEN)


@main.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    from server.migrating import migrate as upgrade  # noqa: PLC0415 - Alembic is slow to load
    from server.models import db  # noqa: PLC0415 - likewise

    with _app().app_context():
        upgrade(db.engine)
    click.echo("The database is up to date.")


@main.command("make-secret")
def make_secret() -> None:
    """Print a fresh secret: for LIANDONG_RECEIPT_KEY, _CODE_PEPPER or _SEALING_KEYS."""
    from server.config import new_secret  # noqa: PLC0415 - used here alone

    click.echo(new_secret())


@main.command("issue-code")
@click.argument("staff_number")
@click.option("--county", help="The county's name, where there are several.")
def issue_code(staff_number: str, county: str | None) -> None:
    """Print a one-time enrolment code for the person of STAFF_NUMBER."""
    from server import administration  # noqa: PLC0415 - loads the models

    _print(lambda: administration.issued_code_text(staff_number, county))


@main.command("revoke-device")
@click.argument("number", type=int)
def revoke_device(number: int) -> None:
    """End the access of device NUMBER; what it sends from now on is set aside."""
    from server import administration  # noqa: PLC0415 - loads the models

    _print(lambda: administration.revoked_device_text(number))


@main.command()
@click.option("--rerun", nargs=2, type=int, metavar="DEVICE SEQ", help="Run one again.")
@click.option("--take", metavar="DIGEST", help="Run what a barred device sent, after all.")
def parked(rerun: tuple[int, int] | None, take: str | None) -> None:
    """List operations that failed unexpectedly, wait long, or came from barred devices."""
    from server import administration  # noqa: PLC0415 - loads the models

    if take is not None:
        _print(lambda: administration.taken_text(take))
    elif rerun is None:
        _print(administration.parked_text)
    else:
        _print(lambda: administration.rerun_text(*rerun))


@main.command()
@click.option(
    "--of", "asked", prompt="Phone number or name", help="Better not in a shell's history."
)
def customers(asked: str) -> None:
    """Find a customer's id by phone number or full name, for whoever answers their request."""
    from server import administration  # noqa: PLC0415 - loads the models

    _print(lambda: administration.found_customers_text(asked.strip()))


@main.command()
@click.argument("customer")
@click.option("--by", required=True, help="The staff number of the administrator who orders it.")
@click.option(
    "--reason",
    type=click.Choice(["asked", "consent_withdrawn", "time_over", "recorded_wrongly"]),
    default="asked",
    show_default=True,
)
@click.option("--county", help="The county's name, where there are several.")
@click.confirmation_option(prompt="Nobody can bring the customer back. Erase?")
def erase(customer: str, by: str, reason: str, county: str | None) -> None:
    """Erase CUSTOMER (an id) here, on every phone, and in backups once they are restored."""
    from server import administration  # noqa: PLC0415 - loads the models

    _print(lambda: administration.erased_customer_text(customer, by, reason, county))


@main.command()
def erasures() -> None:
    """List who ordered which erasure, when and why."""
    from server import administration  # noqa: PLC0415 - loads the models

    _print(administration.erasures_text)


@main.command("check-ledger")
def check_ledger() -> None:
    """Check every county's chain, sums and constraints; exit code 1 when something is wrong."""
    from server import administration  # noqa: PLC0415 - loads the models

    with _app().app_context():
        text, is_sound = administration.ledger_text()
    click.echo(text)
    sys.exit(0 if is_sound else 1)


@main.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
def back_up(file: Path) -> None:
    """Copy the SQLite database to FILE while the server runs, and check the copy."""
    from server import backup  # noqa: PLC0415 - loads the models

    with _backup_errors():
        copy = backup.back_up(_config(), file)
    click.echo(f"{copy.text()}\nWritten to {file}. Keep it, and the chain heads, off this machine.")


@main.command("verify-backup")
@click.argument("copy")
def verify_backup(copy: str) -> None:
    """Check COPY, a file or the URL of a database made from a dump, and note what it holds."""
    from server import backup  # noqa: PLC0415 - loads the models

    with _backup_errors():
        click.echo(backup.verify_backup(_config(), copy).text())


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE in the place of the SQLite database; the server must be stopped."""
    from server import backup  # noqa: PLC0415 - loads the models

    with _backup_errors():
        copy, aside = backup.restore(_config(), file, SystemClock().now())
    click.echo(copy.text())
    if aside is not None:
        click.echo(f"The database that was there is {aside}.")
    click.echo("Restored. Start the server: phones will send again what the backup lacks.")


@main.command("rotate-generation")
def rotate_generation() -> None:
    """Tell all phones that this database was restored; `restore` does it by itself."""
    from server import backup  # noqa: PLC0415 - loads the models

    with _backup_errors():
        click.echo(f"Generation {backup.rotate_generation(_config())} has begun.")


@main.command("collect-blobs")
@click.option("--grace-days", type=click.IntRange(min=0), help="Instead of the usual grace.")
def collect_blobs(grace_days: int | None) -> None:
    """End attachments whose time is over; delete bytes that none names. To be run daily."""
    from server import administration  # noqa: PLC0415 - loads the models

    _print(lambda: administration.collected_blobs_text(grace_days))


@main.command("import-organisation")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--sheet", help="The one sheet that a single CSV file is, such as 员工.")
@click.option("--county", help="The county's name, where the workbook does not say it.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def import_organisation(
    file: Path, sheet: str | None, county: str | None, *, dry_run: bool, lang: Any
) -> None:
    """Bring the organisation to what the workbook FILE says; all of it or nothing."""
    from server import importing  # noqa: PLC0415 - spreadsheets are slow to load
    from server.models import db  # noqa: PLC0415 - loads the models
    from server.services import services  # noqa: PLC0415 - likewise

    with _app().app_context():
        report = importing.import_organisation(
            services().door, db.session(), file, sheet=sheet, county=county, dry_run=dry_run
        )
    click.echo(report.text(lang))
    sys.exit(0 if report.accepted else 1)


@main.command("organisation-template")
@click.argument("file", type=click.Path(path_type=Path))
def organisation_template(file: Path) -> None:
    """Write an empty workbook with every sheet and column to FILE."""
    from server.importing import write_template  # noqa: PLC0415 - spreadsheets are slow to load

    write_template(file)
    click.echo(f"{file}")


@main.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--fresh", is_flag=True, help="Throw the demo's data away and begin anew.")
@click.option("--small", is_flag=True, help="A few rows only.")
@click.option("--phone", is_flag=True, help="Serve phones of the same network, over HTTPS.")
@click.option("--address", help="With --phone: this machine's address there, if it has several.")
def demo(*, port: int, fresh: bool, small: bool, phone: bool, address: str | None) -> None:
    """Load the demo county and run the server."""
    from server.demo import own_address, run_demo  # noqa: PLC0415 - of no use elsewhere

    host = None
    if phone:
        try:
            host = IPv4Address(address) if address else own_address()
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--address") from error
        if host is None:
            raise click.ClickException(
                "这台电脑没有连上网络。也可以用 USB 线：见 docs/phone.md\n"
                "This computer is in no network. Over a USB cable it works too: docs/phone.md"
            )
        if not host.is_private:
            raise click.ClickException(
                f"{host} 是公网地址，演示只给内网里的手机看\n"
                f"{host} is a public address; the demo is for phones of one's own network"
            )
        demand_free_port(str(host), port + 1)
    demand_free_port(str(host or "127.0.0.1"), port)
    sys.exit(run_demo(port=port, fresh=fresh, small=small, phone_address=host))


@contextlib.contextmanager
def _backup_errors() -> Iterator[None]:
    from server.backup import BackupError  # noqa: PLC0415 - loads the models

    try:
        yield
    except BackupError as error:
        raise click.ClickException(str(error)) from error


def _print(text_of: Callable[[], str]) -> None:
    """Print a text made inside the application, or the error that it ends in."""
    from server.administration import AdministrationError  # noqa: PLC0415 - loads the models

    with _app().app_context():
        try:
            click.echo(text_of())
        except AdministrationError as error:
            raise click.ClickException(str(error)) from error
