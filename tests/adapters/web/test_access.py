"""Who is let in, how long a session counts, and who has failed too often."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from contactcentre.adapters.web import access
from contactcentre.adapters.web.access import Attempts, SessionGate, Sessions
from contactcentre.adapters.web.routes import Access
from contactcentre.domain.errors import LedgerUnavailable, NotAllowed, NotSignedIn, TooMany
from contactcentre.domain.ids import AdviserId
from contactcentre.domain.languages import Language
from contactcentre.ports.accounts import Account, Accounts, Role

ADA = Account(
    id=AdviserId("ada"), name="Ada", role=Role.ADVISER, language=Language.ENGLISH, queues=()
)
RIGHT, WRONG = "right", "wrong"
SUE = replace(ADA, id=AdviserId("sue"), role=Role.SUPERVISOR)


class HandClock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.at_ms = 0

    def now_ms(self) -> int:
        """Return the time."""
        return self.at_ms

    def monotonic_ms(self) -> int:
        """Return the time."""
        return self.at_ms

    async def sleep_ms(self, span_ms: int) -> None:
        """Let time pass, and others have their turn."""
        self.at_ms += span_ms
        await asyncio.sleep(0)


class AccountsBook(Accounts):
    """Accounts in memory, which can be taken away, and count how often they are asked."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0
        self.sessions: dict[str, Account] = {}

    def _ask(self) -> None:
        self.asked += 1
        if self.away:
            raise LedgerUnavailable("at 10.0.0.7")

    async def sign_in(self, name: str, password: str) -> Account:
        """Return Ada or Sue, whose password is `right`."""
        self._ask()
        people = {"ada": ADA, "sue": SUE}
        if password != RIGHT or name.casefold() not in people:
            raise NotSignedIn("No.")
        return people[name.casefold()]

    async def create_session(self, account: AdviserId) -> str:
        """Return a session."""
        self._ask()
        session = f"session-{len(self.sessions)}"
        self.sessions[session] = SUE if account == SUE.id else ADA
        return session

    async def find_session(self, session: str) -> Account:
        """Return whose session it is."""
        self._ask()
        if session not in self.sessions:
            raise NotSignedIn("No.")
        return self.sessions[session]

    async def end_session(self, session: str) -> None:
        """End a session."""
        self._ask()
        self.sessions.pop(session, None)

    async def accounts(self) -> Sequence[Account]:
        """Return who there is."""
        return (ADA, SUE)

    async def put(self, account: Account, *, password: str | None) -> None:
        """Change nothing: nobody is hired here."""


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def book() -> AccountsBook:
    return AccountsBook()


@pytest.fixture
def sessions(book: AccountsBook, clock: HandClock) -> Sessions:
    return Sessions(book, clock)


async def enter(sessions: Sessions, name: str = "ada", password: str = RIGHT) -> str:
    session, _ = await sessions.sign_in(name, password, address="192.0.2.1")
    return session


async def test_a_session_is_known_without_asking_for_a_while(
    sessions: Sessions, book: AccountsBook, clock: HandClock
) -> None:
    session = await enter(sessions)
    asked = book.asked
    assert await sessions.find(session) == ADA
    assert book.asked == asked
    clock.at_ms += access.FRESH_MS
    assert await sessions.find(session) == ADA
    assert book.asked == asked + 1


async def test_a_session_that_was_ended_elsewhere_is_seen_within_a_minute(
    sessions: Sessions, book: AccountsBook, clock: HandClock
) -> None:
    session = await enter(sessions)
    book.sessions.clear()
    clock.at_ms += access.FRESH_MS
    with pytest.raises(NotSignedIn):
        await sessions.find(session)


async def test_an_open_page_learns_that_its_session_has_ended(
    sessions: Sessions, book: AccountsBook, clock: HandClock
) -> None:
    session = await enter(sessions)
    book.away = True
    waiting = asyncio.create_task(sessions.wait_for_end(session))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done(), "an outage ends nothing"
    book.away = False
    book.sessions.clear()
    async with asyncio.timeout(10):
        await waiting
    assert clock.at_ms < access.KNOWN_MAX_MS


async def test_a_known_session_counts_while_the_records_are_away_but_not_for_ever(
    sessions: Sessions, book: AccountsBook, clock: HandClock
) -> None:
    session = await enter(sessions)
    book.away = True
    clock.at_ms += access.FRESH_MS
    asked = book.asked
    for _ in range(3):
        assert await sessions.find(session) == ADA
    assert book.asked == asked + 1, "nobody waits for the records with each request"
    with pytest.raises(LedgerUnavailable):
        await sessions.find("never seen here")
    clock.at_ms += access.KNOWN_MAX_MS
    with pytest.raises(LedgerUnavailable):
        await sessions.find(session)


async def test_signing_out_counts_at_once_and_is_told_to_the_records_later(
    sessions: Sessions, book: AccountsBook
) -> None:
    session = await enter(sessions)
    book.away = True
    await sessions.end(session)
    with pytest.raises(NotSignedIn):
        await sessions.find(session)
    assert session in book.sessions
    book.away = False
    await sessions.end_pending()
    assert session not in book.sessions
    asked = book.asked
    await sessions.end_pending()
    assert book.asked == asked


async def test_sessions_that_are_kept_have_a_bound(
    sessions: Sessions, book: AccountsBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "SESSIONS_MAX", 2)
    entered = [await enter(sessions) for _ in range(3)]
    asked = book.asked
    await sessions.find(entered[2])
    assert book.asked == asked
    await sessions.find(entered[0])
    assert book.asked == asked + 1
    for session in entered:
        await sessions.end(session)


def test_a_name_that_fails_too_often_waits_and_an_address_that_tries_many_too(
    clock: HandClock,
) -> None:
    attempts = Attempts(clock)
    for _ in range(access.FAILURES_PER_NAME_MAX):
        attempts.refuse_too_many(name="Ada", address="192.0.2.1")
        attempts.failed(name="Ada", address="192.0.2.1")
    with pytest.raises(TooMany):
        attempts.refuse_too_many(name=" ada", address="192.0.2.2")
    attempts.refuse_too_many(name="sue", address="192.0.2.1")
    for number in range(access.FAILURES_PER_ADDRESS_MAX):
        attempts.failed(name=f"name {number}", address="192.0.2.9")
    with pytest.raises(TooMany):
        attempts.refuse_too_many(name="sue", address="192.0.2.9")
    clock.at_ms += access.FAILURES_WITHIN_MS
    attempts.refuse_too_many(name="ada", address="192.0.2.9")


def test_whoever_got_in_starts_anew(clock: HandClock) -> None:
    attempts = Attempts(clock)
    for _ in range(3):
        for _ in range(access.FAILURES_PER_NAME_MAX - 1):
            attempts.failed(name="ada", address="192.0.2.1")
        attempts.succeeded(name="ada")
    attempts.refuse_too_many(name="ada", address="192.0.2.7")


def test_what_is_remembered_of_failures_has_a_bound(
    clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "FAILING_MAX", 4)
    attempts = Attempts(clock)
    for _ in range(access.FAILURES_PER_NAME_MAX):
        attempts.failed(name="ada", address="192.0.2.1")
    for number in range(4):
        attempts.failed(name=f"name {number}", address=f"192.0.2.{number}")
    attempts.refuse_too_many(name="ada", address="192.0.2.1")


async def test_a_wrong_password_is_counted(sessions: Sessions) -> None:
    for _ in range(access.FAILURES_PER_NAME_MAX):
        with pytest.raises(NotSignedIn):
            await enter(sessions, password=WRONG)
    with pytest.raises(TooMany):
        await enter(sessions)


def test_over_https_the_cookie_goes_nowhere_else(sessions: Sessions) -> None:
    response = web.Response()
    SessionGate(sessions, https=True, origins=()).give(response, "session")
    cookie = response.cookies[access.SECURE_COOKIE]
    assert access.SECURE_COOKIE.startswith("__Host-")
    assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
    assert (cookie["samesite"], cookie["domain"]) == ("Strict", "")
    SessionGate(sessions, https=True, origins=()).take(response)
    taken = response.cookies[access.SECURE_COOKIE]
    assert (taken.value, taken["secure"], taken["max-age"]) == ("", True, "0")


async def test_the_gate_lets_in_whom_the_route_is_for(sessions: Sessions) -> None:
    gate = SessionGate(sessions, https=False, origins=("https://desk.example",))
    mine = {"Host": "desk.example", "Origin": "https://desk.example"}

    async def admitted(name: str, wanted: Access, method: str = "GET") -> Account | None:
        cookie = {"Cookie": f"{access.PLAIN_COOKIE}={await enter(sessions, name)}"}
        return await gate.admit(make_mocked_request(method, "/", headers=mine | cookie), wanted)

    assert await admitted("ada", Access.SIGNED_IN) == ADA
    assert await admitted("sue", Access.SUPERVISOR, "POST") == SUE
    assert await admitted("ada", Access.LIVE) == ADA
    assert await admitted("ada", Access.ANYONE) is None
    with pytest.raises(NotAllowed):
        await admitted("ada", Access.SUPERVISOR)
    stranger = make_mocked_request("GET", "/", headers=mine)
    assert await gate.admit(stranger, Access.LIVE) is None
    with pytest.raises(NotSignedIn):
        await gate.admit(stranger, Access.SIGNED_IN)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://elsewhere.example",
        "https://desk.example.elsewhere.example",
        "https://desk.example:444",
        "https://[",
    ],
)
async def test_another_origin_changes_nothing_and_opens_no_socket(
    sessions: Sessions, origin: str | None
) -> None:
    gate = SessionGate(sessions, https=True, origins=("https://desk.example",))
    headers = {"Host": "desk.example"} | ({} if origin is None else {"Origin": origin})
    for method, wanted in (("POST", Access.ANYONE), ("GET", Access.LIVE)):
        with pytest.raises(NotAllowed):
            await gate.admit(make_mocked_request(method, "/", headers=headers), wanted)
