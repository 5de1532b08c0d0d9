"""Who may come in: sessions, the cookie that carries them, origins, and attempts to sign in.

A signed-in adviser goes on working while PostgreSQL is away: a session that was once found here
counts until PostgreSQL itself says that it has ended. What is kept here is the digest of it.
"""

from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

from aiohttp import web

from contactcentre.adapters.web.routes import Access
from contactcentre.domain.errors import LedgerUnavailable, NotAllowed, NotSignedIn, TooMany
from contactcentre.ports.accounts import Account, Accounts, Role
from contactcentre.ports.environment import Clock

SECURE_COOKIE = "__Host-cc_session"
"""The prefix makes browsers insist on Secure, no Domain and Path=/."""
PLAIN_COOKIE = "cc_session"
SESSION_MAX_CHARS = 128

KNOWN_MAX_MS = 12 * 3_600_000
"""While PostgreSQL is away, a session counts no longer than this after it was first seen here."""
FRESH_MS = 60_000
"""A session ended elsewhere is seen here within this."""
ASK_AGAIN_MS = 5_000
"""While PostgreSQL is away it is asked about a session so often."""
SESSIONS_MAX = 5_000

FAILURES_PER_NAME_MAX = 10
FAILURES_PER_ADDRESS_MAX = 50
"""More than one person may sit behind an address."""
FAILURES_WITHIN_MS = 5 * 60_000
FAILING_MAX = 10_000
"""So many names and addresses are kept an eye on; beyond it the longest quiet is let go."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

SIGN_IN_FIRST = "Nobody is signed in here, or not any longer. Sign in again."


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSession:
    """A session that PostgreSQL has vouched for."""

    account: Account
    since_ms: int
    fresh_until_ms: int


class Attempts:
    """Counts who has failed to sign in of late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[int]] = OrderedDict()

    def refuse_too_many(self, *, name: str, address: str) -> None:
        """Raise TooMany if a name or an address has failed too often."""
        for key, most in _counted(name, address):
            if len(self._recent(key)) >= most:
                raise TooMany("Too many attempts to sign in. Wait five minutes, then try again.")

    def failed(self, *, name: str, address: str) -> None:
        """Note a wrong password."""
        for key, most in _counted(name, address):
            failures = self._failures.setdefault(key, deque(maxlen=most))
            failures.append(self._clock.monotonic_ms())
            self._failures.move_to_end(key)
        while len(self._failures) > FAILING_MAX:
            self._failures.popitem(last=False)

    def succeeded(self, *, name: str) -> None:
        """Forget what a name has failed before: the person is there."""
        self._failures.pop(_of_name(name), None)

    def _recent(self, key: str) -> deque[int]:
        failures = self._failures.get(key, deque())
        while failures and failures[0] <= self._clock.monotonic_ms() - FAILURES_WITHIN_MS:
            failures.popleft()
        return failures


def _of_name(name: str) -> str:
    return f"name {name.strip().casefold()}"


def _counted(name: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    return (
        (_of_name(name), FAILURES_PER_NAME_MAX),
        (f"address {address}", FAILURES_PER_ADDRESS_MAX),
    )


class Sessions:
    """Who is signed in, as this process knows it."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._attempts = Attempts(clock)
        self._known: OrderedDict[bytes, KnownSession] = OrderedDict()
        self._ended: OrderedDict[bytes, str | None] = OrderedDict()
        """Sessions that were ended here; a text is one that PostgreSQL has not heard of yet."""

    async def sign_in(self, name: str, password: str, *, address: str) -> tuple[str, Account]:
        """Return a new session. Raises NotSignedIn, TooMany, LedgerUnavailable."""
        self._attempts.refuse_too_many(name=name, address=address)
        try:
            account = await self._accounts.sign_in(name, password)
        except NotSignedIn:
            self._attempts.failed(name=name, address=address)
            raise
        self._attempts.succeeded(name=name)
        session = await self._accounts.create_session(account.id)
        self._keep(_digest(session), account)
        return session, account

    async def find(self, session: str) -> Account:
        """Return whose session it is. Raises NotSignedIn, LedgerUnavailable."""
        digest = _digest(session)
        if digest in self._ended:
            raise NotSignedIn(SIGN_IN_FIRST)
        known = self._known.get(digest)
        if known is not None and self._clock.monotonic_ms() < known.fresh_until_ms:
            return known.account
        try:
            account = await self._accounts.find_session(session)
        except NotSignedIn:
            self._known.pop(digest, None)
            raise
        except LedgerUnavailable:
            if known is None or self._clock.monotonic_ms() - known.since_ms >= KNOWN_MAX_MS:
                raise
            self._keep(digest, known.account, fresh_for_ms=ASK_AGAIN_MS)
            return known.account
        self._keep(digest, account)
        return account

    async def wait_for_end(self, session: str) -> None:
        """Return once a session has ended, wherever that was."""
        while True:
            await self._clock.sleep_ms(FRESH_MS)
            try:
                await self.find(session)
            except NotSignedIn:
                return
            except LedgerUnavailable:
                continue

    def _keep(self, digest: bytes, account: Account, *, fresh_for_ms: int = FRESH_MS) -> None:
        now_ms = self._clock.monotonic_ms()
        known = self._known.get(digest)
        self._known[digest] = KnownSession(
            account=account,
            since_ms=now_ms if known is None else known.since_ms,
            fresh_until_ms=now_ms + fresh_for_ms,
        )
        self._known.move_to_end(digest)
        while len(self._known) > SESSIONS_MAX:
            self._known.popitem(last=False)

    async def end(self, session: str) -> None:
        """End a session, here at once, and in PostgreSQL as soon as it can be reached."""
        digest = _digest(session)
        self._known.pop(digest, None)
        self._ended[digest] = session
        while len(self._ended) > SESSIONS_MAX:
            self._ended.popitem(last=False)
        await self.end_pending()

    async def end_pending(self) -> None:
        """Tell PostgreSQL which sessions have been ended while it was away."""
        for digest, session in list(self._ended.items()):
            if session is None:
                continue
            try:
                await self._accounts.end_session(session)
            except LedgerUnavailable:
                return
            self._ended[digest] = None


def _digest(session: str) -> bytes:
    return sha256(session.encode()).digest()


class SessionGate:
    """Lets people in by their cookie, from pages of our own only."""

    def __init__(self, sessions: Sessions, *, https: bool, origins: Collection[str]) -> None:
        self._sessions = sessions
        self._https = https
        self._cookie = SECURE_COOKIE if https else PLAIN_COOKIE
        self._origins = frozenset(origins)

    async def admit(self, request: web.Request, access: Access) -> Account | None:
        """Return who asks, if that must be known. Raises NotSignedIn, NotAllowed."""
        if request.method not in SAFE:
            self.refuse_foreign_origin(request)
        if access is Access.ANYONE:
            return None
        if access is Access.LIVE:
            return await self._live(request)
        account = await self._sessions.find(self.session_of(request))
        if access is Access.SUPERVISOR and account.role is not Role.SUPERVISOR:
            raise NotAllowed("That is for supervisors. Ask one of them.")
        return account

    async def _live(self, request: web.Request) -> Account | None:
        """Return who opens a socket; nobody, if nobody is signed in: the socket says so itself."""
        self.refuse_foreign_origin(request)
        try:
            return await self._sessions.find(self.session_of(request))
        except NotSignedIn:
            return None

    def refuse_foreign_origin(self, request: web.Request) -> None:
        """Raise NotAllowed unless a page of our own asks (browsers always say which page does)."""
        origin = request.headers.get("Origin", "")
        own = {f"http://{request.host}", f"https://{request.host}"}
        if origin not in own | self._origins:
            raise NotAllowed("That was asked from a page that is not ours.")

    def session_of(self, request: web.Request) -> str:
        """Return the session that the browser carries. Raises NotSignedIn."""
        session = request.cookies.get(self._cookie, "")
        if not 0 < len(session) <= SESSION_MAX_CHARS:
            raise NotSignedIn(SIGN_IN_FIRST)
        return session

    def give(self, response: web.Response, session: str) -> None:
        """Let the browser carry a session until it is closed; no script can read it."""
        response.set_cookie(
            self._cookie, session, path="/", secure=self._https, httponly=True, samesite="Strict"
        )

    def take(self, response: web.Response) -> None:
        """Let the browser carry no session any longer."""
        response.del_cookie(
            self._cookie, path="/", secure=self._https, httponly=True, samesite="Strict"
        )
