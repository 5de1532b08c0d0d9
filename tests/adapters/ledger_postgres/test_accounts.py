"""Who may sign in, and for how long."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters

from contactcentre.adapters.ledger_postgres.accounts import PostgresAccounts
from contactcentre.adapters.ledger_postgres.passwords import CHECKS_WAITING_MAX, Passwords
from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.errors import BadRequest, LedgerUnavailable, NotSignedIn, TooMany
from contactcentre.domain.ids import AdviserId, QueueId
from contactcentre.domain.languages import Language
from contactcentre.ports.accounts import Account, Role

ADA = Account(
    id=AdviserId("ada"),
    name="Ada Morris",
    role=Role.ADVISER,
    language=Language.WELSH,
    queues=[QueueId("tax.paying.en"), QueueId("tax.sign-in.en")],
)
GOOD = "correct horse battery"
OTHER = "incorrect donkey battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
async def accounts(pool: PostgresPool) -> PostgresAccounts:
    accounts = PostgresAccounts(pool, passwords=Passwords(QUICK))
    await accounts.put(ADA, password=GOOD)
    return accounts


@pytest.mark.parametrize("typed", ["ada", "Ada", " ADA "])
async def test_name_and_password_sign_in(accounts: PostgresAccounts, typed: str) -> None:
    assert await accounts.sign_in(typed, GOOD) == ADA


async def test_the_levels_at_which_somebody_serves_are_kept(accounts: PostgresAccounts) -> None:
    second = replace(ADA, levels={QueueId("tax.sign-in.en"): 2})
    await accounts.put(second, password=None)
    assert await accounts.accounts() == [second]
    assert await accounts.sign_in("ada", GOOD) == second
    assert await accounts.find_session(await accounts.create_session(ADA.id)) == second
    await accounts.put(ADA, password=None)
    assert await accounts.accounts() == [ADA]


@pytest.mark.parametrize(
    ("name", "password"), [("ada", OTHER), ("eve", GOOD), ("", ""), ("ada", "")]
)
async def test_a_wrong_name_and_a_wrong_password_are_refused_alike(
    accounts: PostgresAccounts, name: str, password: str
) -> None:
    with pytest.raises(NotSignedIn, match="do not belong together"):
        await accounts.sign_in(name, password)


class WatchedHasher(PasswordHasher):
    """Notes what each check costs."""

    def __init__(self) -> None:
        super().__init__(time_cost=2, memory_cost=1_024, parallelism=1)
        self.costs: list[Parameters] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        """Check as the library does."""
        self.costs.append(extract_parameters(str(hash)))
        return super().verify(hash, password)


async def test_a_name_that_nobody_has_takes_as_long_to_refuse(pool: PostgresPool) -> None:
    hasher = WatchedHasher()
    accounts = PostgresAccounts(pool, passwords=Passwords(hasher))
    await accounts.put(ADA, password=GOOD)
    for name in ("eve", "ada"):
        with pytest.raises(NotSignedIn):
            await accounts.sign_in(name, OTHER)
    unknown, known = hasher.costs
    assert unknown == known


async def test_nothing_in_the_tables_can_be_signed_in_with(
    accounts: PostgresAccounts, pool: PostgresPool
) -> None:
    session = await accounts.create_session(ADA.id)
    async with pool.connection() as connection:
        [account] = await connection.fetch("SELECT * FROM accounts")
        [kept] = await connection.fetch("SELECT * FROM sessions")
    assert account["password_hash"].startswith("$argon2id$")
    assert GOOD not in account["password_hash"]
    assert session.encode() not in kept["digest"]
    assert len(kept["digest"]) == 32


async def test_stronger_parameters_take_hold_at_the_next_sign_in(
    accounts: PostgresAccounts, pool: PostgresPool
) -> None:
    stronger = PostgresAccounts(
        pool,
        passwords=Passwords(PasswordHasher(time_cost=2, memory_cost=128, parallelism=1)),
    )
    session = await accounts.create_session(ADA.id)
    assert await stronger.sign_in("ada", GOOD) == ADA
    async with pool.connection() as connection:
        kept = await connection.fetchval("SELECT password_hash FROM accounts")
    assert "m=128,t=2,p=1" in kept
    assert await stronger.sign_in("ada", GOOD) == ADA
    assert await stronger.find_session(session) == ADA


async def test_the_parameters_in_use_are_argon2id_as_recommended(pool: PostgresPool) -> None:
    accounts = PostgresAccounts(pool)
    await accounts.put(ADA, password=GOOD)
    async with pool.connection() as connection:
        kept = await connection.fetchval("SELECT password_hash FROM accounts")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_a_session_is_found_until_it_is_ended(accounts: PostgresAccounts) -> None:
    session = await accounts.create_session(ADA.id)
    assert await accounts.find_session(session) == ADA
    await accounts.end_session(session)
    await accounts.end_session(session)
    with pytest.raises(NotSignedIn):
        await accounts.find_session(session)


@pytest.mark.parametrize("session", ["", "made up", "\0", "é" * 500])
async def test_a_session_that_was_never_begun_is_refused(
    accounts: PostgresAccounts, session: str
) -> None:
    with pytest.raises(NotSignedIn):
        await accounts.find_session(session)


async def test_a_session_ends_by_itself(pool: PostgresPool) -> None:
    short = PostgresAccounts(
        pool, passwords=Passwords(QUICK), session_life=timedelta(milliseconds=100)
    )
    await short.put(ADA, password=GOOD)
    session = await short.create_session(ADA.id)
    await asyncio.sleep(0.15)
    with pytest.raises(NotSignedIn):
        await short.find_session(session)
    await short.create_session(ADA.id)
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM sessions") == 1


async def test_two_desks_of_one_adviser_have_sessions_of_their_own(
    accounts: PostgresAccounts,
) -> None:
    here, there = await accounts.create_session(ADA.id), await accounts.create_session(ADA.id)
    await accounts.end_session(here)
    assert await accounts.find_session(there) == ADA


async def test_a_new_password_ends_every_session(accounts: PostgresAccounts) -> None:
    session = await accounts.create_session(ADA.id)
    await accounts.put(ADA, password=OTHER)
    with pytest.raises(NotSignedIn):
        await accounts.find_session(session)
    with pytest.raises(NotSignedIn):
        await accounts.sign_in("ada", GOOD)
    assert await accounts.sign_in("ada", OTHER) == ADA


async def test_a_change_without_a_password_leaves_it(accounts: PostgresAccounts) -> None:
    session = await accounts.create_session(ADA.id)
    changed = replace(ADA, role=Role.SUPERVISOR, queues=[])
    await accounts.put(changed, password=None)
    assert await accounts.sign_in("ada", GOOD) == changed
    assert await accounts.find_session(session) == changed
    assert await accounts.accounts() == [changed]


async def test_a_new_account_needs_a_password(accounts: PostgresAccounts) -> None:
    with pytest.raises(BadRequest):
        await accounts.put(replace(ADA, id=AdviserId("bryn")), password=None)


async def test_a_short_password_is_refused(accounts: PostgresAccounts) -> None:
    with pytest.raises(BadRequest, match="12 characters"):
        await accounts.put(ADA, password="elevenchars")  # noqa: S106 - not kept


@pytest.mark.parametrize("name", ["", "Ada", "a b", "-a", "a\0b", "é"])
async def test_a_name_that_cannot_be_typed_again_is_refused(
    accounts: PostgresAccounts, name: str
) -> None:
    with pytest.raises(BadRequest, match="a-z"):
        await accounts.put(replace(ADA, id=AdviserId(name)), password=GOOD)


async def test_a_name_no_database_can_hold_is_refused_and_breaks_nothing(
    accounts: PostgresAccounts,
) -> None:
    with pytest.raises(BadRequest):
        await accounts.sign_in("ada\0", GOOD)
    assert await accounts.sign_in("ada", GOOD) == ADA


async def test_checking_a_password_does_not_hold_up_the_loop(pool: PostgresPool) -> None:
    slow = PasswordHasher(time_cost=20, memory_cost=16_384, parallelism=1)
    accounts = PostgresAccounts(pool, passwords=Passwords(slow))
    await accounts.put(ADA, password=GOOD)
    signing_in = asyncio.ensure_future(accounts.sign_in("ada", GOOD))
    turns_count = 0
    while not signing_in.done():
        turns_count += 1
        await asyncio.sleep(0.001)
    assert turns_count > 10


async def test_a_flood_of_sign_ins_is_refused_and_those_in_line_are_served(
    accounts: PostgresAccounts,
) -> None:
    tried = await asyncio.gather(
        *(accounts.sign_in("ada", GOOD) for _ in range(3 * CHECKS_WAITING_MAX)),
        return_exceptions=True,
    )
    assert tried.count(ADA) >= CHECKS_WAITING_MAX
    assert all(one == ADA or isinstance(one, TooMany) for one in tried)
    assert await accounts.sign_in("ada", GOOD) == ADA


async def test_accounts_that_cannot_be_read_are_an_outage_and_no_refusal() -> None:
    async with PostgresPool("postgresql://contactcentre@127.0.0.1:1/records") as pool:
        with pytest.raises(LedgerUnavailable):
            await PostgresAccounts(pool, passwords=Passwords(QUICK)).sign_in("ada", GOOD)
