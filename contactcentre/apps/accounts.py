"""Accounts that are made from outside the desk: for the demo, and from the command line.

The demo's passwords are made by chance, once for each data folder, and kept there for the owner's
eyes alone: a password that stands in a manual is everybody's.
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contactcentre.adapters.ledger_postgres.accounts import PostgresAccounts
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.errors import NotSignedIn
from contactcentre.domain.ids import AdviserId, QueueId
from contactcentre.domain.languages import Language
from contactcentre.ports.accounts import Account, Accounts, Role

PASSWORDS_FILE = "demo-accounts.json"
PASSWORD_BYTES = 9
PATIENCE_MS = 30_000
"""At a start nobody waits on the line, and a database that has just been made is slow to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """A person of the demo, as shown to whoever starts it."""

    role: Role
    name: str
    """What to sign in with."""
    password: str


async def seed_demo(
    database_url: str, *, data_dir: Path, queues: Mapping[QueueId, Language]
) -> Sequence[DemoAccount]:
    """Make the people of the demo, or bring them up to date; their passwords stay.

    `queues` are all queues, each with the language of its callers. Raises LedgerUnavailable.
    """
    passwords = _passwords(data_dir / PASSWORDS_FILE)
    async with PostgresPool(database_url, timeout_ms=PATIENCE_MS) as pool:
        await _put(PostgresAccounts(pool), passwords, queues)
    return [
        DemoAccount(role=person.role, name=person.id, password=passwords[person.id])
        for person in _people(queues)
    ]


async def _put(
    accounts: Accounts, passwords: Mapping[str, str], queues: Mapping[QueueId, Language]
) -> None:
    """Write the people of the demo down; a password that is right already ends no session."""
    known = {account.id for account in await accounts.accounts()}
    for person in _people(queues):
        password = passwords[person.id]
        kept = person.id in known and await _is_right(accounts, person.id, password)
        await accounts.put(person, password=None if kept else password)


async def _is_right(accounts: Accounts, name: str, password: str) -> bool:
    """Say whether one can sign in so."""
    try:
        await accounts.sign_in(name, password)
    except NotSignedIn:
        return False
    return True


def _people(queues: Mapping[QueueId, Language]) -> Sequence[Account]:
    """Return the people of the demo: one who speaks English, two who speak both, and Sam."""
    english = sorted(queue for queue, language in queues.items() if language is Language.ENGLISH)
    return [
        _person("ada", "Ada Morris", queues=english),
        _person("bryn", "Bryn Parry", queues=sorted(queues)),
        _person("carys", "Carys Hughes", queues=sorted(queues), language=Language.WELSH),
        _person("sam", "Sam Taylor", role=Role.SUPERVISOR),
    ]


def _person(
    id_: str,
    name: str,
    *,
    queues: Sequence[QueueId] = (),
    role: Role = Role.ADVISER,
    language: Language = Language.ENGLISH,
) -> Account:
    return Account(id=AdviserId(id_), name=name, role=role, language=language, queues=queues)


def _passwords(path: Path) -> Mapping[str, str]:
    """Return the demo's passwords, made now if the file is not there."""
    names = [person.id for person in _people({})]
    if path.exists():
        kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        if kept.keys() >= set(names):
            return kept
    made = {str(name): secrets.token_urlsafe(PASSWORD_BYTES) for name in names}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    with open(beside, "w", encoding="utf-8", opener=_owner_only) as file:
        json.dump(made, file, indent=2)
    beside.replace(path)
    return made


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
