"""`contactcentre accounts …`: who may sign in at the desk."""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Annotated, TypeVar

import typer

from contactcentre.adapters.ledger_postgres.accounts import PostgresAccounts
from contactcentre.adapters.ledger_postgres.migrate import upgrade
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.errors import Outage, Refusal, UnknownName
from contactcentre.domain.ids import AdviserId, QueueId
from contactcentre.domain.languages import Language
from contactcentre.domain.levels import LEVEL_FIRST, LEVEL_LAST
from contactcentre.ports.accounts import Account, Accounts, Role
from contactcentre.settings import read_settings

accounts_app = typer.Typer(help="Say who may sign in at the desk.", no_args_is_help=True)

Database = Annotated[
    str | None, typer.Option("--database-url", help="Where the accounts are; as set if not given.")
]
SignInName = Annotated[str, typer.Argument(metavar="ID", help="What the person signs in with.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
Done = TypeVar("Done")
SERVED = re.compile(rf"(?P<queue>[^\s:=]+)(=(?P<level>[{LEVEL_FIRST}-{LEVEL_LAST}]))?")


@accounts_app.command("list")
def list_accounts(database: Database = None) -> None:
    """Say who may sign in."""
    for account in _do(database, lambda accounts: accounts.accounts()):
        queues = " ".join(f"{queue}{_level(account, queue)}" for queue in account.queues)
        typer.echo(f"{account.id}\t{account.name}\t{account.role}\t{account.language}\t{queues}")


@accounts_app.command()
def add(  # noqa: PLR0917 - Typer reads them as options, each by its name
    account: SignInName,
    name: Annotated[str, typer.Option(help="What colleagues call the person.")],
    role: Annotated[Role, typer.Option()] = Role.ADVISER,
    language: Annotated[Language, typer.Option(help="Of the person's desk.")] = Language.ENGLISH,
    queue: Annotated[
        list[str] | None,
        typer.Option(
            help="Whose calls the person may take, as in tax.paying.en, or tax.paying.en=2 for"
            " whom the queue asks at level 2; give it once each."
        ),
    ] = None,
    password_stdin: FromStdin = False,  # noqa: FBT002 - how Typer wants a flag
    database: Database = None,
) -> None:
    """Add an account, or change one: everything but the password is written anew."""
    served = _served(queue or ())
    person = Account(
        id=AdviserId(account),
        name=name,
        role=role,
        language=language,
        queues=[*served],
        levels={one: level for one, level in served.items() if level != LEVEL_FIRST},
    )
    password = _password(from_stdin=password_stdin)
    _do(database, lambda accounts: accounts.put(person, password=password))


@accounts_app.command("password")
def change_password(
    account: SignInName,
    password_stdin: FromStdin = False,  # noqa: FBT002 - how Typer wants a flag
    database: Database = None,
) -> None:
    """Give an account a new password; whoever is signed in with it is signed out."""

    async def change(accounts: Accounts) -> None:
        known = {one.id: one for one in await accounts.accounts()}
        if account not in known:
            raise UnknownName(f"There is no account {account!r}.")
        await accounts.put(known[AdviserId(account)], password=password)

    password = _password(from_stdin=password_stdin)
    _do(database, change)


def _served(queues: Iterable[str]) -> Mapping[QueueId, int]:
    """Return the level of each queue; end the command if one cannot be read."""
    served: dict[QueueId, int] = {}
    for said in queues:
        found = SERVED.fullmatch(said)
        if found is None:
            typer.echo(
                f"--queue {said} cannot be read: write a queue as in tax.paying.en, or with a level"
                f" from {LEVEL_FIRST} to {LEVEL_LAST} behind it as in tax.paying.en=2.",
                err=True,
            )
            raise typer.Exit(1)
        served[QueueId(found["queue"])] = int(found["level"] or LEVEL_FIRST)
    return served


def _level(account: Account, queue: QueueId) -> str:
    level = account.levels.get(queue, LEVEL_FIRST)
    return "" if level == LEVEL_FIRST else f"={level}"


def _do(database: str | None, act: Callable[[Accounts], Awaitable[Done]]) -> Done:
    """Do something with the accounts; what stands against it is said in a sentence."""

    async def done() -> Done:
        url = database or read_settings(os.environ).database_url
        await upgrade(url)
        async with PostgresPool(url) as pool:
            return await act(PostgresAccounts(pool))

    try:
        return asyncio.run(done())
    except (Refusal, Outage) as said:
        typer.echo(str(said), err=True)
        raise typer.Exit(1) from said


def _password(*, from_stdin: bool) -> str:
    """Ask for a new password; it never stands in a command line, where others could read it."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    asked: str = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    return asked
