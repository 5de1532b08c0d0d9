"""`contactcentre flows …`: check flows, make their sound, write their schema."""

from pathlib import Path
from typing import Annotated

import typer

from contactcentre.adapters.flow_files.check import check
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.schema import schema_file, schema_text
from contactcentre.adapters.flow_files.speak import speak as speak_all
from contactcentre.domain.errors import Outage, Refusal

flows_app = typer.Typer(help="Check flows, make their sound, write their schema.")

Folder = Annotated[
    Path | None,
    typer.Argument(metavar="DIR", help="The folder of flows; those that are installed if none."),
]


@flows_app.command()
def lint(directory: Folder = None) -> None:
    """Say all that is wrong with flows, words, example calls and sound."""
    findings = check(directory or default_flows_dir())
    for finding in findings:
        typer.echo(str(finding))
    if findings:
        typer.echo(f"{len(findings)} to mend")
        raise typer.Exit(1)
    typer.echo("nothing to mend")


@flows_app.command()
def speak(directory: Folder = None) -> None:
    """Make sound of the words that are new or changed; needs flite and espeak-ng."""
    try:
        for path in speak_all(directory or default_flows_dir()):
            typer.echo(str(path))
    except (Refusal, Outage) as said:
        typer.echo(str(said), err=True)
        raise typer.Exit(1) from said


@flows_app.command()
def schema(directory: Folder = None) -> None:
    """Write the schema of a flow file, by which an editor can help."""
    path = schema_file(directory or default_flows_dir())
    path.write_text(schema_text(), encoding="utf-8")
    typer.echo(str(path))
