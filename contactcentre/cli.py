"""The one command. What a subcommand needs is loaded when it runs: help is there at once."""

import gc
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from contactcentre.domain.errors import Outage, Refusal

app = typer.Typer(
    help="A contact centre: callers, queues, advisers, records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

REFUSED = 2
OUTAGE = 1

HeartbeatFd = Annotated[int | None, typer.Option(hidden=True)]
"""Given by the parent process to its child."""
PASSES_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command()
def up(
    *,
    nodes: Annotated[int, typer.Option(min=1, max=8, help="How many media nodes.")] = 2,
    data: Annotated[Path | None, typer.Option(help="The folder for all that is kept.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_000, help="The first of the ports that are used.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="The address that browsers reach.")] = None,
) -> None:
    """Run the whole centre on this machine, with stores of its own where none is configured."""
    from contactcentre.apps.up import run_up  # noqa: PLC0415 - see above

    run_up(os.environ, nodes=nodes, data=data, port=port, host=host)


@app.command()
def media(heartbeat_fd: HeartbeatFd = None) -> None:
    """Run a media node: callers' legs, menus, waits, rings and talks."""
    _run("media", heartbeat_fd)


@app.command()
def router(heartbeat_fd: HeartbeatFd = None) -> None:
    """Run a router: it matches waiting calls with ready advisers."""
    _run("router", heartbeat_fd)


@app.command()
def desk(heartbeat_fd: HeartbeatFd = None) -> None:
    """Run a desk: what advisers and supervisors work with."""
    _run("desk", heartbeat_fd)


@app.command()
def public(heartbeat_fd: HeartbeatFd = None) -> None:
    """Run the caller's pages."""
    _run("public", heartbeat_fd)


@app.command()
def records(heartbeat_fd: HeartbeatFd = None) -> None:
    """Run what writes the record down."""
    _run("records", heartbeat_fd)


@app.command()
def config() -> None:
    """Show every setting as it stands, secrets hidden."""
    from contactcentre.settings import read_settings, shown  # noqa: PLC0415 - see above

    for name, value in shown(read_settings(os.environ)):
        typer.echo(f"{name}={value}")


@app.command()
def doctor(
    *,
    data: Annotated[
        Path | None, typer.Option(help="The folder of a centre that `up` runs on this machine.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Say it as one line of JSON.")] = False,
    since_hours: Annotated[
        int, typer.Option(min=1, max=24 * 31, help="How far back calls are counted.")
    ] = 24,
) -> None:
    """Say how the whole centre is, and what to do where something is wrong."""
    from contactcentre.apps.doctor import run_doctor  # noqa: PLC0415 - see above

    raise SystemExit(run_doctor(os.environ, data=data, json=json, since_hours=since_hours))


@app.command(add_help_option=False, context_settings=PASSES_ON)
def bench(context: typer.Context) -> None:
    """Measure the real thing on this machine."""
    _pass_on(context, "contactcentre.bench.commands", "bench_app")


@app.command(add_help_option=False, context_settings=PASSES_ON)
def drill(context: typer.Context) -> None:
    """Break the real thing on this machine, and see that nobody is lost."""
    _pass_on(context, "contactcentre.drills.commands", "drill_app")


@app.command(add_help_option=False, context_settings=PASSES_ON)
def simulate(context: typer.Context) -> None:
    """Run the whole centre on simulated time, break it, and see that nobody is lost."""
    if find_spec("lupa") is None:
        raise Refusal(
            "The simulation runs the scripts of the live state in an interpreter of Lua, which is "
            "not installed. Install it: pip install 'contactcentre[simulation]'"
        )
    _pass_on(context, "contactcentre.simulation.commands", "simulate_app")


@app.command(add_help_option=False, context_settings=PASSES_ON)
def flows(context: typer.Context) -> None:
    """Check flows, make their sound, write their schema."""
    _pass_on(context, "contactcentre.apps.flow_commands", "flows_app")


@app.command(add_help_option=False, context_settings=PASSES_ON)
def accounts(context: typer.Context) -> None:
    """Say who may sign in at the desk."""
    _pass_on(context, "contactcentre.apps.account_commands", "accounts_app")


@app.command(add_help_option=False, context_settings=PASSES_ON)
def recordings(context: typer.Context) -> None:
    """List recordings of talks, and take them out."""
    _pass_on(context, "contactcentre.apps.recording_commands", "recordings_app")


def run() -> None:
    """Run the command; what is refused is one sentence, never a traceback."""
    try:
        app()
    except Refusal as refusal:
        _end(str(refusal), REFUSED)
    except Outage as outage:
        _end(str(outage), OUTAGE)


def _end(sentence: str, code: int) -> None:
    typer.echo(sentence, err=True)
    raise SystemExit(code)


def _run(role: str, heartbeat_fd: int | None) -> None:
    """Run a role: the first time as the parent that watches over it, then as the child."""
    from contactcentre.settings import read_settings  # noqa: PLC0415 - see above

    settings = read_settings(os.environ)
    if heartbeat_fd is None:
        from contactcentre.adapters.telemetry import logs  # noqa: PLC0415 - see above
        from contactcentre.apps.parent import Parent  # noqa: PLC0415 - see above

        logs.start_logs(settings.log_level)
        logs.log_context(role=f"{role} parent", node=settings.node, site=settings.site)
        command = [sys.executable, "-m", "contactcentre", role]
        raise SystemExit(Parent(command, silent_max_s=settings.watchdog_s).keep())
    from contactcentre.apps.process import run_process  # noqa: PLC0415 - see above

    gc.disable()  # what is loaded stays; to look through it for waste takes a sixth of the start
    serve = import_module(f"contactcentre.apps.{role}").serve
    gc.freeze()
    gc.enable()
    run_process(role, settings, serve, heartbeat_fd=heartbeat_fd)


def _pass_on(context: typer.Context, module: str, name: str) -> None:
    """Hand the rest of the command line to a group of commands of its own."""
    group = getattr(import_module(module), name)
    group(args=context.args, prog_name=f"{context.command_path}")
