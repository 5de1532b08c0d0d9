"""Calls that we make, from the first INVITE to the end, with a trunk on a real socket."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from hashlib import md5, sha256

import pytest

from contactcentre.adapters.sip import outgoing, transactions
from contactcentre.adapters.sip.messages import Request
from tests.adapters.sip.answering import OUTSIDE, OWN, Answering, Dialling, Rung, dial
from tests.adapters.sip.entrance import ANSWER, CALL, LOOPBACK, OFFER, Entrance, Someone, until
from tests.adapters.sip.test_adoption import ADOPTED

SECRET = {"username": "anytown", "password": "quay"}


@pytest.fixture
async def trunk(entrance: Entrance) -> AsyncIterator[Answering]:
    """Give a trunk that takes our calls over UDP."""
    one = Answering()
    await one.open()
    await entrance.open(out={"address": LOOPBACK, **one.settings, **SECRET})
    yield one
    await one.close()


async def answered(entrance: Entrance, trunk: Answering) -> tuple[Dialling, Rung]:
    """Return a call that has been answered."""
    dialling = await dial(entrance, trunk)
    assert await until(lambda: dialling.told[-2:] == ["answered", "began"]), dialling.told
    assert await until(lambda: trunk.rung[-1].acked != [])
    return dialling, trunk.rung[-1]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_rings_is_answered_and_we_hang_up(entrance: Entrance, transport: str) -> None:
    trunk = Answering(transport)
    await trunk.open()
    await entrance.open(out={"address": LOOPBACK, **trunk.settings})

    def rings(rung: Rung) -> None:
        rung.respond(100)
        rung.respond(180)
        rung.respond(200, sdp=ANSWER)

    trunk.script = rings
    dialling, rung = await answered(entrance, trunk)
    assert dialling.told == ["rings", "answered", "began"]
    invite = rung.invite
    assert invite.uri == f"sip:{OUTSIDE}@{trunk.place};user=phone"
    assert invite.body.decode() == OFFER
    assert OWN in invite.first("from")
    assert OWN in invite.first("p-asserted-identity")
    dialling.phone.hang_up()
    assert await until(lambda: trunk.methods() == ["BYE"])
    assert trunk.asked[0].to_tag == rung.tag
    assert dialling.told == ["rings", "answered", "began"], "whoever hangs up is told no more"
    await trunk.close()


async def test_a_phone_that_hangs_up_is_told_of_once(entrance: Entrance, trunk: Answering) -> None:
    dialling, rung = await answered(entrance, trunk)
    bye = await rung.ask("BYE")
    assert bye is not None
    assert bye.code == 200
    again = await rung.ask("BYE")
    assert again is not None
    assert again.code == 481
    assert dialling.told == ["answered", "began", "ended"]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (403, "refused"),
        (404, "no_such_number"),
        (480, "no_answer"),
        (486, "busy"),
        (488, "no_sound"),
        (302, "refused"),
        (402, "refused"),
        (415, "no_sound"),
        (433, "refused"),
        (699, "refused"),
        (500, "unreachable"),
        (503, "unreachable"),
        (603, "declined"),
    ],
)
async def test_a_refusal_is_told_by_what_it_means_and_acknowledged(
    entrance: Entrance, trunk: Answering, code: int, why: str
) -> None:
    trunk.script = lambda rung: rung.respond(code, headers=[("contact", "<sip:x@192.0.2.1>")])
    dialling = await dial(entrance, trunk)
    assert await until(lambda: dialling.told == [why])
    assert await until(lambda: trunk.rung[0].acked != [])
    assert len(trunk.rung) == 1, "nobody is rung elsewhere because a trunk says so"


def challenges(code: int, *algorithms: str) -> Callable[[Rung], None]:
    """Return a script that asks for a proof first."""
    header = "www-authenticate" if code == 401 else "proxy-authenticate"
    asked = [
        (header, f'Digest realm="quay.example", nonce="n1", qop="auth", algorithm={one}')
        for one in algorithms
    ]

    def script(rung: Rung) -> None:
        given = rung.invite.first("authorization") or rung.invite.first("proxy-authorization")
        if given:
            rung.respond(200, sdp=ANSWER)
        else:
            rung.respond(code, headers=asked)

    return script


@pytest.mark.parametrize(
    ("code", "algorithms", "used"),
    [(401, ["MD5"], "MD5"), (407, ["MD5", "SHA-256"], "SHA-256"), (407, ["SHA-256"], "SHA-256")],
)
async def test_a_trunk_that_asks_for_a_proof_is_given_the_best_that_it_knows(
    entrance: Entrance, trunk: Answering, code: int, algorithms: list[str], used: str
) -> None:
    trunk.script = challenges(code, *algorithms)
    await answered(entrance, trunk)
    first, second = (rung.invite for rung in trunk.rung)
    header = "authorization" if code == 401 else "proxy-authorization"
    assert proves(second, header, used)
    assert (second.cseq[0], second.call_id) == (first.cseq[0] + 1, first.call_id)
    ack = trunk.rung[1].acked[0]
    assert ack is not None
    assert ack.first(header) == second.first(header)


def proves(request: Request, header: str, algorithm: str) -> bool:
    """Say whether a request knows the password."""
    said = dict(re.findall(r'(\w+)="?([^",]+)"?', request.first(header)))
    digest = md5 if algorithm == "MD5" else sha256

    def of(text: str) -> str:
        return digest(text.encode()).hexdigest()

    who = of(f"{SECRET['username']}:quay.example:{SECRET['password']}")
    what = of(f"{request.method}:{request.uri}")
    expected = of(f"{who}:n1:{said['nc']}:{said['cnonce']}:auth:{what}")
    return (said["algorithm"], said["response"]) == (algorithm, expected)


async def test_a_proof_that_is_refused_is_not_given_again(
    entrance: Entrance, trunk: Answering
) -> None:
    asked = ("www-authenticate", 'Digest realm="quay.example", nonce="n1"')
    trunk.script = lambda rung: rung.respond(401, headers=[asked])
    dialling = await dial(entrance, trunk)
    assert await until(lambda: dialling.told == ["refused"])
    assert len(trunk.rung) == 2


async def test_a_proof_that_was_too_old_is_given_anew(entrance: Entrance, trunk: Answering) -> None:
    asked = ("www-authenticate", 'Digest realm="quay.example", nonce="n1", stale=TRUE')

    def script(rung: Rung) -> None:
        if len(trunk.rung) < 3:
            rung.respond(401, headers=[asked])
        else:
            rung.respond(200, sdp=ANSWER)

    trunk.script = script
    await answered(entrance, trunk)


async def test_a_request_within_the_call_is_proved_where_the_trunk_asks(
    entrance: Entrance, trunk: Answering
) -> None:
    dialling, _ = await answered(entrance, trunk)
    asked = [("proxy-authenticate", 'Digest realm="quay.example", nonce="n1", qop="auth"')]
    trunk.refuses = lambda one: None if one.first("proxy-authorization") else asked
    dialling.phone.hang_up()
    assert await until(lambda: trunk.methods() == ["BYE", "BYE"])
    assert "response=" in trunk.asked[1].first("proxy-authorization")


async def test_a_session_that_is_too_short_for_the_trunk_is_asked_for_longer(
    entrance: Entrance, trunk: Answering
) -> None:
    def script(rung: Rung) -> None:
        if int(rung.invite.first("session-expires")) < 3_600:
            rung.respond(422, headers=[("min-se", "3600")])
        else:
            rung.respond(200, sdp=ANSWER, headers=[("session-expires", "3600;refresher=uas")])

    trunk.script = script
    dialling, _ = await answered(entrance, trunk)
    facts = dialling.phone.facts
    assert facts is not None
    assert '"session_s": 3600, "we_refresh": false' in facts


async def test_what_is_to_be_heard_before_the_answer_is_told(
    entrance: Entrance, trunk: Answering
) -> None:
    def script(rung: Rung) -> None:
        rung.respond(183, sdp=ANSWER)
        rung.respond(200)  # the same sound goes on, and is not said again

    trunk.script = script
    dialling, _ = await answered(entrance, trunk)
    assert dialling.told == ["rings v=0", "answered", "began"]


async def test_whoever_does_not_answer_is_rung_no_longer(
    entrance: Entrance, trunk: Answering
) -> None:
    trunk.script = lambda rung: rung.respond(180)
    dialling = await dial(entrance, trunk, ring_ms=200)
    assert await until(lambda: dialling.told == ["rings", "no_answer"])
    assert await until(lambda: trunk.rung[0].is_given_up)
    assert await until(lambda: trunk.rung[0].acked != []), "the last answer is acknowledged"
    await asyncio.sleep(0.05)
    assert dialling.told == ["rings", "no_answer"]


async def test_a_call_is_taken_back_only_once_the_trunk_has_said_a_word(
    entrance: Entrance, trunk: Answering
) -> None:
    trunk.script = lambda _: None
    dialling = await dial(entrance, trunk)
    assert await until(lambda: len(trunk.rung) == 1)
    dialling.phone.hang_up()
    await asyncio.sleep(0.1)
    assert not trunk.rung[0].is_given_up
    trunk.rung[0].respond(180)
    assert await until(lambda: trunk.rung[0].is_given_up)
    assert dialling.told == []


async def test_an_answer_that_comes_as_we_hang_up_is_told_goodbye(
    entrance: Entrance, trunk: Answering
) -> None:
    trunk.script = lambda _: None
    dialling = await dial(entrance, trunk)
    assert await until(lambda: len(trunk.rung) == 1)
    dialling.phone.hang_up()
    trunk.rung[0].respond(200, sdp=ANSWER)
    assert await until(lambda: trunk.methods() == ["BYE"])
    assert trunk.rung[0].acked
    assert dialling.told == []


async def test_of_several_phones_that_answer_the_first_has_the_call(
    entrance: Entrance, trunk: Answering
) -> None:
    dialling, rung = await answered(entrance, trunk)
    for _ in range(2):
        rung.answer_besides("other")
    assert await until(lambda: [one.to_tag for one in trunk.asked] == ["other"])
    acks = [ack for ack in trunk.acks if ack.to_tag == "other"]
    assert await until(lambda: len([a for a in trunk.acks if a.to_tag == "other"]) == 2), acks
    assert dialling.told == ["answered", "began"]
    bye = await rung.ask("BYE")
    assert bye is not None
    assert bye.code == 200


async def test_an_answer_that_is_repeated_is_acknowledged_again(
    entrance: Entrance, trunk: Answering
) -> None:
    _, rung = await answered(entrance, trunk)
    before = len(trunk.acks)
    rung.answer_besides(rung.tag)
    assert await until(lambda: len(trunk.acks) > before)
    assert trunk.methods() == []


async def test_a_silent_trunk_is_asked_again_and_then_no_more(
    entrance: Entrance, trunk: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "T1_S", 0.05)
    monkeypatch.setattr(outgoing, "LIFE_S", 0.4)
    trunk.script = lambda _: None
    dialling = await dial(entrance, trunk)
    assert await until(lambda: dialling.told == ["unreachable"])
    assert trunk.transactions.counts.repeated == 3, "at 50, 150 and 350 ms"
    assert len(trunk.rung) == 1


@pytest.mark.parametrize("breaks", ["before", "after"])
async def test_a_mistake_of_ours_is_told_and_leaves_no_call_behind(
    entrance: Entrance, trunk: Answering, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake")

    if breaks == "before":
        monkeypatch.setattr(outgoing.Outgoing, "_invite", fail)
    else:
        monkeypatch.setattr(Dialling, "phone_answered", fail)
    dialling = await dial(entrance, trunk)
    told = ["unreachable"] if breaks == "before" else ["refused"]
    assert await until(lambda: dialling.told == told), dialling.told
    assert await until(lambda: trunk.methods() == ["BYE"] * (breaks == "after"))


async def test_a_trunk_that_has_asked_for_a_proof_has_said_a_word(
    entrance: Entrance, trunk: Answering
) -> None:
    asked = ("www-authenticate", 'Digest realm="quay.example", nonce="n1"')

    def script(rung: Rung) -> None:
        if len(trunk.rung) == 1:
            rung.respond(401, headers=[asked])

    trunk.script = script
    dialling = await dial(entrance, trunk, word_ms=200)
    assert await until(lambda: len(trunk.rung) == 2)
    await asyncio.sleep(0.3)
    trunk.rung[1].respond(200, sdp=ANSWER)
    assert await until(lambda: dialling.told == ["answered", "began"]), dialling.told


async def test_an_answer_without_sound_that_we_know_is_no_call(
    entrance: Entrance, trunk: Answering
) -> None:
    trunk.script = lambda rung: rung.respond(200, sdp="v=0\r\n")
    dialling = await dial(entrance, trunk)
    assert await until(lambda: dialling.told == ["no_sound"])
    assert await until(lambda: trunk.methods() == ["BYE"])


async def test_a_phone_that_is_rung_may_hold_and_press_keys(
    entrance: Entrance, trunk: Answering
) -> None:
    dialling, rung = await answered(entrance, trunk)
    held = await rung.ask("INVITE", sdp=OFFER)
    assert held is not None
    assert (held.code, held.body.decode()) == (200, ANSWER)
    assert dialling.told == ["answered", "began", "offered v=0"]
    assert await dialling.phone.is_there()
    assert trunk.methods()[-1] == "OPTIONS"
    refer = await rung.ask("REFER")
    assert refer is not None
    assert refer.code == 405


async def test_our_dialog_goes_by_the_proxies_that_the_answer_names(
    entrance: Entrance, trunk: Answering
) -> None:
    routes = ["<sip:inner.example;lr>", f"<sip:{trunk.place};lr>"]
    record = [("record-route", ", ".join(routes))]
    trunk.script = lambda rung: rung.respond(200, sdp=ANSWER, headers=record)
    dialling, _ = await answered(entrance, trunk)
    dialling.phone.hang_up()
    assert await until(lambda: trunk.methods() == ["BYE"])
    assert trunk.asked[0].every("route") == routes[::-1]


async def test_another_node_goes_on_with_a_call_that_we_made(
    entrance: Entrance, trunk: Answering
) -> None:
    dialling, rung = await answered(entrance, trunk)
    facts = dialling.phone.facts
    assert facts is not None
    dialling.phone.let_go()
    adopted = entrance.door.adopt(facts)
    someone = Someone(ADOPTED, adopted)
    adopted.belongs_to(someone)
    adopted.answer(OFFER, call=CALL)
    assert await until(lambda: trunk.methods() == ["INVITE"])
    assert await until(lambda: someone.told == ["answered v=0"])
    bye = await rung.ask("BYE")
    assert bye is not None
    assert (bye.code, someone.told[-1], dialling.told[-1]) == (200, "ended", "began")
