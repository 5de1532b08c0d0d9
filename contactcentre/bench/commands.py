"""The bench commands: each measures the real thing and prints one line."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from contactcentre.bench.media import CALLS_MAX, run_media_bench

bench_app = typer.Typer(help="Measure the real thing on this machine.", no_args_is_help=True)


class Legs(StrEnum):
    """What the legs of the bench are."""

    WEBRTC = "webrtc"


class Mode(StrEnum):
    """What the calls of the bench do."""

    BRIDGE = "bridge"


@bench_app.callback()
def bench() -> None:
    """Measure the real thing on this machine."""


@bench_app.command()
def media(
    *,
    legs: Annotated[Legs, typer.Option(help="What the legs are.")] = Legs.WEBRTC,
    mode: Annotated[Mode, typer.Option(help="What the calls do.")] = Mode.BRIDGE,
    calls: Annotated[int, typer.Option(min=1, max=CALLS_MAX, help="How many at once.")] = 60,
    seconds: Annotated[int, typer.Option(min=1, max=3_600, help="How long to measure.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Measure how many calls one media node carries on one core."""
    figures = run_media_bench(legs=legs, mode=mode, calls=calls, seconds=seconds)
    if as_json:
        typer.echo(json.dumps(figures))
        return
    for name, figure in figures.items():
        typer.echo(f"{name:24} {figure}")
