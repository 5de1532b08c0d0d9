"""Claims and tickets: what we signed is read back; whatever anyone else made is refused."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jwt
import pytest

from contactcentre.adapters.web import claims
from contactcentre.adapters.web.claims import Signatures, page_digest, prove_page
from contactcentre.domain.call import CallState, arrive
from contactcentre.domain.errors import BadClaim, BadRequest
from contactcentre.domain.ids import (
    AdviserId,
    CallId,
    DeskId,
    LineId,
    NodeId,
    QueueId,
    StepName,
    Token,
)
from contactcentre.domain.ivr.moves import Position
from contactcentre.domain.languages import Language
from contactcentre.wire.claims import AdviserTicket, CallerClaim, CallMemory
from tests.domain.happenings import ARRIVED

NOW_S = 1_790_000_000
OLD, NEW, STRANGE = "old-" * 8, "new-" * 8, "odd-" * 8
PAGE_SECRET = "the page keeps this to itself"  # noqa: S105 - a page's secret of these tests


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now_s: int = NOW_S

    def now_ms(self) -> int:
        """Return the set time."""
        return self.now_s * 1_000

    def monotonic_ms(self) -> int:
        """Return the set time, which only tests set back."""
        return self.now_s * 1_000

    async def sleep_ms(self, span_ms: int) -> None:
        """Refuse to wait."""
        raise AssertionError(f"nothing here waits {span_ms} ms")


CLAIM = CallerClaim(
    call=CallId("c1"),
    line=LineId("tax"),
    language=Language.WELSH,
    epoch_count=2,
    epoch_nonce="a" * 16,
    page=page_digest(PAGE_SECRET),
    queue=QueueId("tax.paying.cy"),
    enqueued_ms=NOW_S * 1_000 + 5,
    exp=NOW_S + 60,
)
TICKET = AdviserTicket(
    call=CallId("c1"), adviser=AdviserId("ada"), token=Token(7), node=NodeId("n1"), exp=NOW_S + 60
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signatures(clock: Clock) -> Signatures:
    return Signatures({"new": NEW, "old": OLD}, "new", clock)


def forge(payload: dict[str, Any], *, key: str = NEW, **headers: Any) -> str:
    return jwt.encode(payload, key, algorithm="HS256", headers={"kid": "new"} | headers)


def by_hand(header: object, payload: object, signature: bytes = b"") -> str:
    def part(value: object) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part(header)}.{part(payload)}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


def claim_with(**changed: Any) -> dict[str, Any]:
    return CLAIM.model_dump(mode="json", exclude_none=True) | changed


def claim_without(name: str) -> dict[str, Any]:
    return {key: value for key, value in claim_with().items() if key != name}


def swap_payload(text: str, payload: dict[str, Any]) -> str:
    header, _, signature = text.split(".")
    return f"{header}.{by_hand({}, payload).split('.')[1]}.{signature}"


def test_a_claim_is_read_as_it_was_signed(signatures: Signatures) -> None:
    assert signatures.read_claim(signatures.sign_claim(CLAIM)) == CLAIM


def test_a_claim_to_a_call_that_no_queue_has_seen_is_read_as_it_was_signed(
    signatures: Signatures,
) -> None:
    fresh = CLAIM.model_copy(update={"queue": None, "enqueued_ms": None})
    assert signatures.read_claim(signatures.sign_claim(fresh)) == fresh


def test_a_ticket_is_read_as_it_was_signed(signatures: Signatures) -> None:
    assert signatures.read_ticket(signatures.sign_ticket(TICKET)) == TICKET


@pytest.fixture
def memory() -> CallMemory:
    call = arrive(ARRIVED)
    return CallMemory(
        call=replace(call, state=CallState.TALKING, adviser=AdviserId("ada"), token=Token(7)),
        position=Position(step=StepName("reason"), language=Language.WELSH, tries=1),
        kept_ms=5,
        desk=DeskId("d1"),
        failed=[AdviserId("bryn")],
    )


def test_what_a_claim_remembers_is_read_by_another_node_as_it_was(
    clock: Clock, signatures: Signatures, memory: CallMemory
) -> None:
    claim = CLAIM.model_copy(update={"memory": signatures.seal(memory)})
    elsewhere = Signatures({"old": OLD, "new": NEW}, "old", clock)
    assert elsewhere.unseal(elsewhere.read_claim(signatures.sign_claim(claim))) == memory


def test_no_page_can_read_who_its_adviser_is(signatures: Signatures, memory: CallMemory) -> None:
    named = AdviserId("a-name-that-no-chance-writes")
    memory = memory.model_copy(update={"call": replace(memory.call, adviser=named)})
    signed = signatures.sign_claim(CLAIM.model_copy(update={"memory": signatures.seal(memory)}))
    body = signed.split(".")[1]
    read = urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    assert "memory" in read
    assert named not in read


@pytest.mark.parametrize("sealed", [None, "", "gAAAAAB", "no seal of ours"])
def test_a_memory_that_none_of_our_keys_has_sealed_is_refused(
    signatures: Signatures, sealed: str | None
) -> None:
    with pytest.raises(BadClaim):
        signatures.unseal(CLAIM.model_copy(update={"memory": sealed}))


def test_the_longest_memory_fits_into_a_claim(signatures: Signatures, memory: CallMemory) -> None:
    full = memory.model_copy(
        update={
            "failed": [AdviserId("a" * 40)] * 2,
            "position": Position(
                step=StepName("s" * 40),
                language=Language.WELSH,
                history=tuple(StepName(f"{n}" * 40) for n in range(8)),
            ),
        }
    )
    signed = signatures.sign_claim(CLAIM.model_copy(update={"memory": signatures.seal(full)}))
    assert signatures.unseal(signatures.read_claim(signed)) == full


def test_a_claim_signed_before_the_keys_were_changed_is_still_good(
    clock: Clock, signatures: Signatures
) -> None:
    before = Signatures({"old": OLD}, "old", clock)
    assert signatures.read_claim(before.sign_claim(CLAIM)) == CLAIM


def test_a_claim_of_a_key_that_was_taken_away_is_no_longer_good(
    clock: Clock, signatures: Signatures
) -> None:
    after = Signatures({"newer": STRANGE}, "newer", clock)
    with pytest.raises(BadClaim):
        after.read_claim(signatures.sign_claim(CLAIM))


def test_the_signing_key_is_the_one_that_signs(signatures: Signatures) -> None:
    assert jwt.get_unverified_header(signatures.sign_claim(CLAIM)) == {
        "alg": "HS256",
        "kid": "new",
        "typ": "JWT",
    }


FORGED: dict[str, Callable[[Signatures], str]] = {
    "nothing": lambda _: "",
    "not a token": lambda _: "hello",
    "two dots and nothing else": lambda _: "..",
    "no utf-8": lambda _: "\ud800.\ud800.\ud800",
    "a header that is a list": lambda _: by_hand([], claim_with()),
    "a header nested without end": lambda _: urlsafe_b64encode(b"[" * 3_000).decode() + ".e30.e30",
    "a header with a huge number": lambda _: urlsafe_b64encode(b"9" * 3_000).decode() + ".e30.e30",
    "signed with another key": lambda _: forge(claim_with(), key=STRANGE),
    "signed with one of our keys under the other's name": lambda _: forge(claim_with(), key=OLD),
    "no key named": lambda _: jwt.encode(claim_with(), NEW, algorithm="HS256"),
    "an unknown key named": lambda _: forge(claim_with(), kid="newest"),
    "a key named by no name": lambda _: by_hand({"alg": "HS256", "kid": ["new"]}, claim_with()),
    "no algorithm": lambda _: by_hand({"alg": "none", "kid": "new"}, claim_with()),
    "no algorithm, spelt otherwise": lambda _: by_hand({"alg": "nOnE", "kid": "new"}, claim_with()),
    "another hash": lambda _: jwt.encode(
        claim_with(), NEW * 2, algorithm="HS512", headers={"kid": "new"}
    ),
    "a public-key algorithm over our secret": lambda _: by_hand(
        {"alg": "RS256", "kid": "new"}, claim_with(), NEW.encode()
    ),
    "a critical header that nobody knows": lambda _: forge(claim_with(), crit=["b64"], b64=False),
    "another payload under a good signature": lambda signatures: swap_payload(
        signatures.sign_claim(CLAIM), claim_with(token=9)
    ),
    "a good signature cut short": lambda signatures: signatures.sign_claim(CLAIM)[:-3],
    "an adviser's ticket": lambda signatures: signatures.sign_ticket(TICKET),
    "of another kind": lambda _: forge(claim_with(kind="supervisor")),
    "without an end": lambda _: forge(claim_without("exp")),
    "without a page": lambda _: forge(claim_without("page")),
    "with more than a claim says": lambda _: forge(claim_with(admin=True)),
    "with a language nobody speaks here": lambda _: forge(claim_with(language="tlh")),
    "a payload that is no object": lambda _: by_hand({"alg": "HS256", "kid": "new"}, [1]),
    "larger than anything we sign": lambda _: forge(claim_with(epoch_nonce="n" * 4_096)),
}


@pytest.mark.parametrize("make", FORGED.values(), ids=FORGED.keys())
def test_whatever_we_did_not_sign_as_a_claim_is_refused_in_one_and_the_same_sentence(
    make: Callable[[Signatures], str], signatures: Signatures
) -> None:
    with pytest.raises(BadClaim) as refused:
        signatures.read_claim(make(signatures))
    assert str(refused.value) == claims.CLAIM_REFUSED


@pytest.mark.parametrize(
    "make",
    [
        lambda signatures: signatures.sign_claim(CLAIM),
        lambda _: forge(TICKET.model_dump(mode="json"), key=STRANGE),
        lambda _: by_hand({"alg": "none", "kid": "new"}, TICKET.model_dump(mode="json")),
    ],
    ids=["a caller's claim", "signed with another key", "no algorithm"],
)
def test_whatever_we_did_not_sign_as_a_ticket_is_refused(
    make: Callable[[Signatures], str], signatures: Signatures
) -> None:
    with pytest.raises(BadClaim, match=claims.TICKET_REFUSED):
        signatures.read_ticket(make(signatures))


def test_a_claim_is_good_until_its_end_and_for_as_long_as_clocks_may_differ(
    clock: Clock, signatures: Signatures
) -> None:
    text = signatures.sign_claim(CLAIM)
    clock.now_s = CLAIM.exp + claims.LEEWAY_S
    assert signatures.read_claim(text) == CLAIM


def test_an_expired_claim_is_refused(clock: Clock, signatures: Signatures) -> None:
    text = signatures.sign_claim(CLAIM)
    clock.now_s = CLAIM.exp + claims.LEEWAY_S + 1
    with pytest.raises(BadClaim, match=claims.CLAIM_EXPIRED):
        signatures.read_claim(text)


def test_an_expired_ticket_is_refused(clock: Clock, signatures: Signatures) -> None:
    text = signatures.sign_ticket(TICKET)
    clock.now_s = TICKET.exp + claims.LEEWAY_S + 1
    with pytest.raises(BadClaim, match=claims.TICKET_EXPIRED):
        signatures.read_ticket(text)


def test_a_forger_does_not_learn_whether_the_forgery_would_have_expired(
    clock: Clock, signatures: Signatures
) -> None:
    clock.now_s = CLAIM.exp + 3_600
    with pytest.raises(BadClaim, match=claims.CLAIM_REFUSED):
        signatures.read_claim(forge(claim_with(), key=STRANGE))


def test_a_claim_is_of_use_only_to_the_page_that_it_was_made_for() -> None:
    prove_page(CLAIM, PAGE_SECRET)
    with pytest.raises(BadClaim, match=claims.CLAIM_REFUSED):
        prove_page(CLAIM, PAGE_SECRET + "x")


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_a_key_that_could_be_guessed_is_refused_at_the_start(secret: str, clock: Clock) -> None:
    with pytest.raises(BadRequest, match="too short"):
        Signatures({"new": secret}, "new", clock)


def test_a_key_to_sign_with_that_is_not_there_is_refused_at_the_start(clock: Clock) -> None:
    with pytest.raises(BadRequest, match="'newer'"):
        Signatures({"new": NEW}, "newer", clock)


def test_the_secret_of_a_refused_key_is_not_said(clock: Clock) -> None:
    with pytest.raises(BadRequest) as refused:
        Signatures({"new": "letmein"}, "new", clock)
    assert "letmein" not in str(refused.value)
