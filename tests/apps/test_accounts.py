"""The people of the demo, and accounts by the command line."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contactcentre.adapters.ledger_postgres.accounts import PostgresAccounts
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.apps.account_commands import accounts_app
from contactcentre.apps.accounts import PASSWORDS_FILE, seed_demo
from contactcentre.domain.errors import NotSignedIn
from contactcentre.domain.ids import QueueId
from contactcentre.domain.languages import Language
from contactcentre.ports.accounts import Role

PAYING = QueueId("tax.paying.en")
TALU = QueueId("tax.paying.cy")
QUEUES = {PAYING: Language.ENGLISH, TALU: Language.WELSH}
PASSWORD = "a long enough password"  # noqa: S105 - of an account made up here


@pytest.fixture
async def accounts(database_url: str) -> AsyncIterator[PostgresAccounts]:
    """Give the accounts as the desk has them."""
    async with PostgresPool(database_url) as pool:
        yield PostgresAccounts(pool)


async def test_everybody_of_the_demo_can_sign_in(
    accounts: PostgresAccounts, database_url: str, tmp_path: Path
) -> None:
    people = await seed_demo(database_url, data_dir=tmp_path, queues=QUEUES)
    assert [(one.name, one.role) for one in people] == [
        ("ada", Role.ADVISER),
        ("bryn", Role.ADVISER),
        ("carys", Role.ADVISER),
        ("sam", Role.SUPERVISOR),
    ]
    signed_in = [await accounts.sign_in(one.name, one.password) for one in people]
    both = [TALU, PAYING]
    assert [list(one.queues) for one in signed_in] == [[PAYING], both, both, []]
    assert (tmp_path / PASSWORDS_FILE).stat().st_mode & 0o777 == 0o600, "for the owner alone"


async def test_the_demo_survives_a_restart_and_a_lost_folder_gets_new_passwords(
    accounts: PostgresAccounts, database_url: str, tmp_path: Path
) -> None:
    before = await seed_demo(database_url, data_dir=tmp_path / "one", queues=QUEUES)
    ada = await accounts.sign_in("ada", before[0].password)
    session = await accounts.create_session(ada.id)
    assert await seed_demo(database_url, data_dir=tmp_path / "one", queues={}) == before
    assert (await accounts.find_session(session)).queues == []

    after = await seed_demo(database_url, data_dir=tmp_path / "two", queues=QUEUES)
    assert {one.password for one in before}.isdisjoint({one.password for one in after})
    await accounts.sign_in("ada", after[0].password)
    with pytest.raises(NotSignedIn):
        await accounts.sign_in("ada", before[0].password)


async def test_accounts_by_the_command_line(accounts: PostgresAccounts, database_url: str) -> None:
    database = ["--database-url", database_url]

    async def command(*words: str, said: str | None = None) -> tuple[int, str]:
        result = await asyncio.to_thread(
            CliRunner().invoke, accounts_app, [*words, *database], input=said
        )
        return result.exit_code, result.output

    add = (
        "add",
        "dai",
        "--name",
        "Dai",
        "--queue",
        PAYING,
        "--queue",
        f"{TALU}=2",
        "--language",
        "cy",
    )
    assert await command(*add, "--password-stdin", said=f"{PASSWORD}\n") == (0, "")
    assert await command("list") == (0, f"dai\tDai\tadviser\tcy\t{PAYING} {TALU}=2\n")
    signed_in = await accounts.sign_in("dai", PASSWORD)
    assert (signed_in.language, signed_in.levels) == (Language.WELSH, {TALU: 2})

    assert (await command("password", "dai", said=f"{PASSWORD} 2\n{PASSWORD} 2\n"))[0] == 0
    assert (await accounts.sign_in("dai", f"{PASSWORD} 2")).queues == [PAYING, TALU]

    refused, why = await command("password", "eve", "--password-stdin", said=f"{PASSWORD}\n")
    assert (refused, why) == (1, "There is no account 'eve'.\n")
    refused, why = await command(*add, "--password-stdin", said="short\n")
    assert (refused, why) == (1, "A password has at least 12 characters.\n")


@pytest.mark.parametrize("queue", ["tax.paying.en=4", "tax.paying.en=", "tax paying", "=2", "a:b"])
def test_a_queue_or_level_that_cannot_be_read_is_refused_in_a_sentence(queue: str) -> None:
    add = ("add", "dai", "--name", "Dai", "--queue", queue, "--password-stdin")
    result = CliRunner().invoke(accounts_app, [*add], input=f"{PASSWORD}\n")
    assert result.exit_code == 1
    assert result.output == (
        f"--queue {queue} cannot be read: write a queue as in tax.paying.en, or with a level from 1"
        " to 3 behind it as in tax.paying.en=2.\n"
    )


async def test_accounts_without_a_database_are_refused_in_a_sentence() -> None:
    nowhere = "postgresql://contactcentre@127.0.0.1:1/records"
    result = await asyncio.to_thread(
        CliRunner().invoke, accounts_app, ["list", "--database-url", nowhere]
    )
    assert result.exit_code == 1
    assert result.output.startswith("The tables cannot be brought up to date")
