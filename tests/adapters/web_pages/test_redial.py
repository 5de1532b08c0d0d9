"""A page that calls again asks for its place from before: who gets it; nobody is refused."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import Signatures, page_digest
from contactcentre.domain import events as e
from contactcentre.domain.call import Call, arrive, follow
from contactcentre.domain.ids import CallId
from contactcentre.domain.redialling import LAST_WORD_MAX_MS, KeptPlace
from contactcentre.limits import CLAIM_LIFE_S, REDIAL_ORIGINAL_MAX_MS
from contactcentre.wire.claims import CallerClaim, CallMemory
from contactcentre.wire.pages import GivenClaim
from tests.adapters.web_pages.house import NOW_MS, TAX, House
from tests.domain.happenings import ARRIVED, C1, happening
from tests.stores import Emptying

SECRET = "the secret of the page that left"  # noqa: S105 - a page's secret of these tests
QUEUED_MS = NOW_MS - 240_000
KEEP_MS = 600_000
WAITED = (e.CallQueued,)


def left_call(*kinds: type[e.Event], queued_ms: int = QUEUED_MS) -> Call:
    """Return a call as its page last heard of it."""
    call = arrive(replace(ARRIVED, at_ms=queued_ms))
    for kind in kinds:
        call = follow(call, happening(kind, call, queued_ms))
    return call


@dataclass
class Leaver:
    """A page that has left a call and calls again."""

    house: House = field(default_factory=House)
    call: Call | None = field(default_factory=lambda: left_call(*WAITED))
    kept: KeptPlace | None = None
    given_ms: int = NOW_MS - 5_000

    def claim(self, signatures: Signatures | None = None) -> str:
        """Return its last claim."""
        signatures = signatures or self.house.signatures
        memory = None
        if self.call is not None:
            memory = signatures.seal(
                CallMemory(call=self.call, position=None, kept_ms=None, desk=None, failed=[])
            )
        return signatures.sign_claim(
            CallerClaim(
                call=C1,
                line=TAX,
                language=ARRIVED.language,
                epoch_count=1 if self.call else 0,
                epoch_nonce="a",
                page=page_digest(SECRET),
                kept=self.kept,
                memory=memory,
                exp=self.given_ms // 1_000 + CLAIM_LIFE_S,
            )
        )


Ask = Callable[..., Awaitable[tuple[GivenClaim, KeptPlace | None]]]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Let a page ask for a claim, and read what it got."""
    clients: dict[int, TestClient] = {}  # type: ignore[type-arg]

    async def asked(
        leaver: Leaver, *, page: str = "its new secret", **changed: object
    ) -> tuple[GivenClaim, KeptPlace | None]:
        if id(leaver) not in clients:
            clients[id(leaver)] = TestClient(TestServer(leaver.house.site().application()))
            await clients[id(leaver)].start_server()
        left = {"claim": leaver.claim(), "secret": SECRET} | changed
        body = {"line": TAX, "language": "cy", "page": page_digest(page), "left": left}
        response = await clients[id(leaver)].post("/api/claims", json=body)
        assert response.status == 200, await response.text()
        given = GivenClaim.model_validate_json(await response.read())
        claim = leaver.house.signatures.read_claim(given.claim)
        assert (claim.call, claim.enqueued_ms) == (given.call, None)
        assert given.place_kept is (claim.kept is not None)
        return given, claim.kept

    yield asked
    for client in clients.values():
        await client.close()


PLACE = KeptPlace(earlier=C1, enqueued_ms=QUEUED_MS)


async def test_whoever_left_the_queue_and_calls_again_has_the_place_in_the_new_claim(
    ask: Ask,
) -> None:
    given, kept = await ask(Leaver())
    assert kept == PLACE
    assert given.call != C1


@pytest.mark.parametrize(
    "changed",
    [
        {"claim": "no claim of ours"},
        {"claim": Leaver().claim(Signatures({"k1": "x" * 32}, "k1", House().clock))},
        {"secret": "another page's secret"},
    ],
    ids=["nonsense", "signed by somebody else", "another page's"],
)
async def test_a_claim_that_is_not_the_pages_own_gives_no_place_and_the_call_begins(
    ask: Ask, changed: dict[str, str]
) -> None:
    leaver = Leaver()
    assert (await ask(leaver, **changed))[1] is None
    assert (await ask(leaver))[1] == PLACE, "and nobody's place is used up by it"


@pytest.mark.parametrize(
    "leaver",
    [
        Leaver(given_ms=NOW_MS - KEEP_MS - LAST_WORD_MAX_MS - 1_000),
        Leaver(given_ms=NOW_MS - CLAIM_LIFE_S * 1_000 - 60_000),
        Leaver(call=left_call(*WAITED, queued_ms=NOW_MS - REDIAL_ORIGINAL_MAX_MS - 1)),
        Leaver(house=House(keep_ms=0)),
        Leaver(call=left_call()),
        Leaver(call=left_call(e.CallQueued, e.CallRang, e.CallBridged)),
        Leaver(call=None),
    ],
    ids=["too late", "expired", "waited for hours", "off", "in the menus", "talked", "never in"],
)
async def test_a_call_that_leaves_no_place_gives_none(ask: Ask, leaver: Leaver) -> None:
    assert (await ask(leaver))[1] is None


async def test_one_call_gives_its_place_to_one_new_call(ask: Ask) -> None:
    leaver = Leaver()
    first, _ = await ask(leaver)
    again, kept = await ask(leaver)
    assert (again.call, kept) == (first.call, PLACE), "the first answer may have been lost"
    other, none = await ask(leaver, page="another new secret")
    assert none is None
    assert other.call != first.call


@pytest.mark.parametrize("call", [None, left_call()], ids=["never came in", "left the menus"])
async def test_a_place_from_before_is_kept_once_more_for_whoever_did_not_get_to_wait(
    ask: Ask, call: Call | None
) -> None:
    before = KeptPlace(earlier=CallId("c0"), enqueued_ms=QUEUED_MS)
    assert (await ask(Leaver(call=call, kept=before)))[1] == PLACE


async def test_what_the_live_state_knows_of_the_call_decides(
    ask: Ask, redis_url: str, empty_redis: Emptying
) -> None:
    state = RedisState(redis_url, timeout_ms=5_000)
    call = left_call(*WAITED)
    leaver = Leaver(house=House(places=state))
    await state.end(call=call.id, epoch=call.epoch, ending=e.Ending.HANDLED)
    assert (await ask(leaver))[1] is None
    await empty_redis()
    assert (await ask(leaver))[1] == PLACE, "unknown there: the claim's own word"
    await state.close()


async def test_while_the_live_state_is_away_the_claims_word_serves(ask: Ask) -> None:
    away = RedisState("redis://127.0.0.1:1/0", timeout_ms=50)
    assert (await ask(Leaver(house=House(places=away))))[1] == PLACE
    await away.close()
