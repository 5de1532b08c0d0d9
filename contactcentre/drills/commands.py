"""The drill commands: each breaks one thing under real callers and prints one line."""

import asyncio
import json
import logging
import secrets
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from contactcentre.drills.faults import Drill, How
from contactcentre.drills.legs import Legs
from contactcentre.drills.lose_site import Loss, run_lose_site
from contactcentre.drills.run import Result, run_drill
from contactcentre.drills.standing import run_all

CALLS_MAX = 200
BROKEN = 1

drill_app = typer.Typer(
    help="Break the real thing on this machine, under real callers.", no_args_is_help=True
)


@drill_app.callback()
def drill() -> None:
    """Break the real thing on this machine, under real callers."""
    # what was broken on purpose takes no more packets, and need not say so
    logging.getLogger("asyncio").setLevel(logging.ERROR)


Calls = Annotated[int, typer.Option(min=4, max=CALLS_MAX, help="How many call at once.")]
Fault = Annotated[How, typer.Option(help="Killed at once, or standing still.")]
With = Annotated[Legs, typer.Option(help="What callers call with.")]
Rooms = Annotated[bool, typer.Option("--rooms", help="Hold, consult and transfer in some talks.")]
Seed = Annotated[int | None, typer.Option(help="Of an earlier run, to have its chances again.")]
Kept = Annotated[Path | None, typer.Option(help="Where to write down all that was seen.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one line of JSON.")]


def _add(drill: Drill, words: str) -> None:
    """Add the command of one drill."""

    def command(
        *,
        calls: Calls = 20,
        fault: Fault = How.KILL,
        legs: With = Legs.WEB,
        rooms: Rooms = False,
        seed: Seed = None,
        history: Kept = None,
        as_json: AsJson = False,
    ) -> None:
        chosen = secrets.randbits(32) if seed is None else seed
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            result = runner.run(
                run_drill(drill, fault, calls=calls, seed=chosen, legs=legs, with_rooms=rooms)
            )
        _say(result, as_json=as_json, history=history)

    drill_app.command(name=drill, help=words)(command)


for _drill, _words in {
    Drill.NONE: "Break nothing: what is found then is a mistake of everyday.",
    Drill.LOSE_MEDIA_NODE: "Lose the media node with the most calls.",
    Drill.LOSE_ROUTER: "Lose a router.",
    Drill.LOSE_DESK: "Lose a desk process.",
    Drill.LOSE_RECORDS: "Lose a records process.",
    Drill.LOSE_REDIS: "Lose Redis; killed, it comes back empty.",
    Drill.FLUSH_REDIS: "Delete everything in Redis.",
    Drill.SWITCH_REDIS: "Lose the primary of three, watched by Sentinels.",
    Drill.LOSE_POSTGRES: "Lose PostgreSQL.",
    Drill.ROLLING_RESTART: "End every process in turn, each once the one before is back.",
}.items():
    _add(_drill, _words)


@drill_app.command(name="lose-site")
def lose_site(
    *,
    calls: Calls = 20,
    fault: Annotated[Loss, typer.Option(help="How the site is lost.")] = Loss.KILL,
    legs: With = Legs.WEB,
    seed: Seed = None,
    history: Kept = None,
    as_json: AsJson = False,
) -> None:
    """Lose one of two sites, the one with the primary Redis. Needs root."""
    chosen = secrets.randbits(32) if seed is None else seed
    result = run_lose_site(fault, calls=calls, seed=chosen, legs=legs)
    _say(result, as_json=as_json, history=history)


@drill_app.command(name="all")
def run_everything(
    *,
    rounds: Annotated[int, typer.Option(min=1, max=1_000, help="How often.")] = 20,
    calls: Calls = 9,
    legs: With = Legs.WEB,
    seed: Seed = None,
    history: Kept = None,
    as_json: AsJson = False,
) -> None:
    """Break everything again and again in a centre that is never empty."""
    chosen = secrets.randbits(32) if seed is None else seed
    typer.echo(f"seed {chosen}", err=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        everything = run_all(rounds=rounds, calls=calls, seed=chosen, say=_tell, legs=legs)
        result = runner.run(everything)
    _say(result, as_json=as_json, history=history)


def _tell(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _say(result: Result, *, as_json: bool, history: Path | None) -> None:
    """Print what came of it; the exit code says whether a promise was broken."""
    if history is not None:
        history.write_text("".join(f"{line}\n" for line in result.history.lines()))
    if as_json:
        typer.echo(json.dumps(result.figures))
    else:
        for name, figure in result.figures.items():
            typer.echo(f"{name:20} {figure}")
    for sentence in result.broken:
        typer.echo(sentence, err=True)
    if result.logs is not None:
        typer.echo(f"The logs are in {result.logs}", err=True)
    if result.broken:
        raise typer.Exit(BROKEN)
