"""The bench commands: each measures the real thing and prints one line."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from contactcentre.bench.media import CALLS_MAX, run_media_bench
from contactcentre.bench.routing import run_routing_bench
from contactcentre.bench.sip import run_sip_bench

bench_app = typer.Typer(help="Measure the real thing on this machine.", no_args_is_help=True)


class Legs(StrEnum):
    """What the legs of the bench are."""

    WEBRTC = "webrtc"
    SIP = "sip"
    OPUS = "opus"
    """Telephones that have nothing but Opus."""
    TWILIO = "twilio"


class Mode(StrEnum):
    """What the calls of the bench do."""

    BRIDGE = "bridge"
    """Caller and adviser hear each other."""
    MIX = "mix"
    """So do they and a third."""
    HOLD = "hold"
    """The caller hears music."""
    RECORD = "record"
    """Caller and adviser hear each other, and are recorded in two channels."""


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
    _say(run_media_bench(legs=legs, mode=mode, calls=calls, seconds=seconds), as_json=as_json)


@bench_app.command()
def sip(
    *,
    rate: Annotated[int, typer.Option(min=1, max=500, help="Calls a second.")] = 100,
    seconds: Annotated[int, typer.Option(min=1, max=3_600, help="How long they come.")] = 20,
    hold_ms: Annotated[int, typer.Option(min=0, max=60_000, help="How long each stays.")] = 1_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Measure how many calls a second a node takes from a trunk, and what a flood does to it."""
    _say(run_sip_bench(rate=rate, seconds=seconds, hold_ms=hold_ms), as_json=as_json)


@bench_app.command()
def routing(
    *,
    waiting: Annotated[int, typer.Option(min=20, max=100_000, help="How many wait.")] = 10_000,
    advisers: Annotated[int, typer.Option(min=20, max=20_000, help="How many advisers.")] = 5_000,
    routers: Annotated[int, typer.Option(min=1, max=8, help="How many routers.")] = 2,
    seconds: Annotated[int, typer.Option(min=1, max=3_600, help="How long arrivals go on.")] = 20,
    cost_up_to: Annotated[
        int, typer.Option(min=100, help="With how many waiting the cost of a match is looked at.")
    ] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Measure how fast, how soon and how fairly callers are brought to advisers."""
    figures = run_routing_bench(
        waiting=waiting,
        advisers=advisers,
        routers=routers,
        seconds=seconds,
        cost_up_to=cost_up_to,
    )
    _say(figures, as_json=as_json)


def _say(figures: Mapping[str, Any], *, as_json: bool) -> None:
    """Print figures as one line of JSON, or one to a line."""
    if as_json:
        typer.echo(json.dumps(figures))
        return
    for name, figure in figures.items():
        typer.echo(f"{name:24} {figure}")
