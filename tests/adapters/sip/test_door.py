"""Who comes in and who does not: strangers, forgers, floods, and messages that are none."""

import asyncio
import random
from collections.abc import Sequence
from hashlib import md5
from pathlib import Path

import pytest

from contactcentre.adapters.sip import inbox
from contactcentre.adapters.sip.messages import Request, Response
from contactcentre.adapters.sip.trunks import read_trunks
from contactcentre.bench.sip_phone import PhoneCall
from contactcentre.domain.errors import BadRequest
from tests.adapters.sip.entrance import ANSWER, CALL, NUMBER, OFFER, Entrance, until

STRANGERS = ["192.0.2.0/24"]
NORTH = "[trunks.north]\naddresses = ['192.0.2.1']\n"


async def code_of(phone: PhoneCall, method: str, headers: Sequence[tuple[str, str]] = ()) -> int:
    """Return what a request is answered with."""
    sdp = OFFER if method == "INVITE" else ""
    response = await phone.ask(phone.request(method, sdp=sdp, headers=headers))
    assert response is not None
    return response.code


async def test_whoever_is_no_trunk_is_refused_and_counted(entrance: Entrance) -> None:
    await entrance.open(addresses=STRANGERS)
    assert await code_of(entrance.phone(), "INVITE") == 403
    assert await code_of(entrance.phone(), "OPTIONS") == 403
    assert entrance.counted.keys() == {"unknown-trunk"}
    assert entrance.counted["unknown-trunk"] >= 3, "the acknowledgement counts as well"
    assert not entrance.board.calls


async def test_strangers_are_not_answered_for_ever(entrance: Entrance) -> None:
    await entrance.open(addresses=STRANGERS)
    phone = entrance.phone()
    for _ in range(200):
        phone.way().send(phone.request("OPTIONS").to_bytes())
    assert await until(lambda: entrance.counted["unknown-trunk"] == 200)
    assert phone.exchange.transactions.counts.malformed == 0


async def test_whether_calls_are_taken_is_said_to_whoever_asks(entrance: Entrance) -> None:
    await entrance.open()
    assert await code_of(entrance.phone(), "OPTIONS") == 200
    entrance.board.retry_after_s = 7
    for method in ("OPTIONS", "INVITE"):
        phone = entrance.phone()
        response = await phone.ask(phone.request(method, sdp=OFFER))
        assert response is not None
        assert (response.code, response.first("retry-after")) == (503, "7")
    assert not entrance.board.calls


async def test_a_strained_node_says_so_only_to_whoever_asks_for_headroom_and_takes_calls(
    entrance: Entrance,
) -> None:
    await entrance.open()
    asked = (("with-headroom", "OPTIONS"), (NUMBER, "OPTIONS"), (NUMBER, "INVITE"))
    assert [await code_of(entrance.phone(to), how) for to, how in asked] == [200, 200, 200]
    entrance.board.is_strained = True
    assert [await code_of(entrance.phone(to), how) for to, how in asked] == [503, 200, 200]


@pytest.mark.parametrize(
    ("method", "headers", "code"),
    [
        ("REGISTER", [], 403),
        ("SUBSCRIBE", [], 405),
        ("INVITE", [("require", "replaces")], 420),
        ("INVITE", [("content-type", "text/plain")], 415),
    ],
)
async def test_what_is_not_ours_to_do_is_refused(
    entrance: Entrance, method: str, headers: list[tuple[str, str]], code: int
) -> None:
    await entrance.open()
    assert await code_of(entrance.phone(), method, headers) == code
    assert not entrance.board.calls


@pytest.mark.parametrize("accepted", ["", "application/*", "text/plain, Application/SDP;q=0.5"])
async def test_whoever_does_not_say_that_our_answer_cannot_be_read_is_answered(
    entrance: Entrance, accepted: str
) -> None:
    await entrance.open()
    assert await code_of(entrance.phone(), "INVITE", [("accept", accepted)]) == 200


async def test_a_number_that_leads_nowhere_is_not_found(entrance: Entrance) -> None:
    await entrance.open()
    assert await code_of(entrance.phone("+441632960999"), "INVITE") == 404
    assert entrance.counted["unknown-number"] == 1


async def test_a_phone_that_acknowledges_ringing_is_answered_without_it(
    entrance: Entrance,
) -> None:
    await entrance.open()
    assert await code_of(entrance.phone(), "INVITE", [("require", "100rel")]) == 200


async def test_a_flood_is_asked_to_try_again_and_the_first_calls_go_on(
    entrance: Entrance,
) -> None:
    await entrance.open(calls_per_s=5)
    codes = [await code_of(entrance.phone(), "INVITE") for _ in range(12)]
    assert codes[:5] == [200] * 5
    assert 503 in codes[5:7]
    assert entrance.counted["flood"] == codes.count(503)


async def test_a_call_that_is_turned_away_is_kept_nowhere_and_may_be_made_again(
    entrance: Entrance,
) -> None:
    await entrance.open(calls_per_s=1)
    assert await code_of(entrance.phone(), "INVITE") == 200
    phone = entrance.phone()
    invite = phone.request("INVITE", sdp=OFFER)
    invite.headers.insert(1, ("via", "SIP/2.0/UDP edge.example.net;branch=z9hG4bKedge"))
    responses = [await phone.ask(invite) for _ in range(3)]
    assert [one and one.code for one in responses] == [503] * 3
    assert responses[0] is not None
    assert responses[0].first("retry-after") == "5"
    assert responses[0].every("via")[1] == "SIP/2.0/UDP edge.example.net;branch=z9hG4bKedge"
    assert entrance.door.repeated_count == 0, "each was answered as if it were the first"
    assert entrance.counted["flood"] == 3
    await asyncio.sleep(1.1)
    again = await phone.ask(invite)
    assert again is not None
    assert again.code == 200


async def test_a_flood_does_not_keep_a_call_from_what_is_its_own(entrance: Entrance) -> None:
    await entrance.open(calls_per_s=1)
    entrance.board.answers = False
    phone = entrance.phone()
    invite = phone.request("INVITE", sdp=OFFER)
    phone.way().send(invite.to_bytes())
    phone.way().send(invite.to_bytes())
    assert await until(lambda: entrance.door.repeated_count == 1), "it is known, not one more"
    entrance.board.calls[0].phone.answer(ANSWER, call=CALL)
    assert await until(lambda: phone.exchange.transactions.counts.malformed == 0)
    assert await code_of(entrance.phone(), "INVITE") == 503
    assert entrance.counted["flood"] == 1


async def test_sound_may_be_offered_again_in_a_flood(entrance: Entrance) -> None:
    await entrance.open(calls_per_s=1)
    phone = entrance.phone()
    assert (await phone.invite()) is not None
    assert await code_of(entrance.phone(), "INVITE") == 503
    assert await code_of(phone, "INVITE") == 200
    assert (await phone.bye()) is not None


@pytest.mark.parametrize("branch", ["", ";branch=old"])
async def test_a_phone_of_the_old_kind_keeps_its_call_in_a_flood_as_others_do(
    entrance: Entrance, branch: str
) -> None:
    await entrance.open(calls_per_s=1)
    entrance.board.answers = False
    phone = entrance.phone()

    def old(method: str, sdp: str = "") -> Request:
        request = phone.request(method, sdp=sdp)
        request.headers = [
            (name, value.partition(";")[0] + branch + ";rport" if name == "via" else value)
            for name, value in request.headers
        ]
        return request

    invite = old("INVITE", OFFER)
    phone.way().send(invite.to_bytes())
    phone.way().send(invite.to_bytes())
    assert await until(lambda: entrance.door.repeated_count == 1), "it is known, not one more"
    assert await code_of(entrance.phone(), "INVITE") == 503, "there is a flood"
    assert entrance.counted["flood"] == 1, "but a call that came again is none of it"
    entrance.board.calls[0].phone.answer(ANSWER, call=CALL)
    answer = await phone.ask(invite)
    assert answer is not None
    assert answer.code == 200
    phone.stands(answer)
    phone.ack(answer)
    told = entrance.board.calls[0].told
    assert await until(lambda: "began" in told)
    again, key, bye = old("INVITE", OFFER), old("INFO", "Signal=5\r\n"), old("BYE")
    key.headers = [
        (name, "application/dtmf-relay" if name == "content-type" else value)
        for name, value in key.headers
    ]
    for request in (again, key, bye):
        response = await phone.ask(request)
        assert response is not None
        assert response.code == 200
    assert told[-3:] == ["offered", "key 5", "ended"]


async def test_whoever_asks_outside_a_call_is_dropped_before_whoever_is_in_one(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    await entrance.open()
    phone = entrance.phone()
    await phone.invite()
    told = entrance.board.calls[0].told
    assert await until(lambda: "began" in told)
    monkeypatch.setattr(inbox, "ROUND_MAX_S", 1e-9)
    monkeypatch.setattr(inbox, "WAITING_MAX", 3)
    for _ in range(6):
        entrance.door.received(entrance.phone().request("OPTIONS").to_bytes(), phone.way())
    bye = phone.request("BYE")
    bye.headers[0] = ("via", bye.headers[0][1].partition(";")[0])
    entrance.door.received(bye.to_bytes(), phone.way())
    assert entrance.counted["dropped"] == 2, "one was dealt with at once and three wait"
    assert await until(lambda: told[-1] == "ended")


def proof(challenge: Response, password: str, *, nonce: str = "") -> tuple[str, str]:
    """Return what whoever knows a password answers."""
    said = challenge.first("www-authenticate")
    parts = dict(part.split("=", 1) for part in said.removeprefix("Digest ").split(", "))
    realm, nonce = parts["realm"].strip('"'), nonce or parts["nonce"].strip('"')

    def digest(text: str) -> str:
        return md5(text.encode()).hexdigest()  # noqa: S324 - as trunks do

    who, what = digest(f"anytown:{realm}:{password}"), digest("INVITE:sip:x")
    response = digest(f"{who}:{nonce}:00000001:c:auth:{what}")
    return "authorization", (
        f'Digest username="anytown", realm="{realm}", nonce="{nonce}", uri="sip:x", '
        f'response="{response}", algorithm=MD5, cnonce="c", qop=auth, nc=00000001'
    )


async def test_a_trunk_with_a_password_proves_each_call_once(entrance: Entrance) -> None:
    await entrance.open(username="anytown", password="correct horse")  # noqa: S106 - of a test
    phone = entrance.phone()
    challenge = await phone.ask(phone.request("INVITE", sdp=OFFER))
    assert challenge is not None
    assert challenge.code == 401
    right, wrong = proof(challenge, "correct horse"), proof(challenge, "wrong horse")
    old = proof(challenge, "correct horse", nonce="1.1.1")
    assert await code_of(phone, "INVITE", [wrong]) == 401
    assert await code_of(phone, "INVITE", [old]) == 401
    assert await code_of(phone, "INVITE", [right]) == 200
    assert await code_of(entrance.phone(), "INVITE", [right]) == 401, "said a second time"
    assert entrance.counted == {"asked": 1, "forged": 3, "taken": 1}


NO_MESSAGES = [
    b"\0" * 200,
    b"INVITE sip:user@example.com SIP/2.0\r\nContact:\r\n\r\n",
    b"OPTIONS sip:user@example.com SIP/2.0\r\nCall-ID: \xff\xfe\0\r\n\r\n",
    b"OPTIONS sip:a@b SIP/2.0\r\nVia: ,\r\nf: a\r\nt: b\r\ni: c\r\nCSeq: 1 OPTIONS\r\n\r\n",
    b"INVITE sip:a@b SIP/2.0\r\n" + b"Via: x\r\n" * 1_000 + b"\r\n",
    b"INVITE sip:a@b SIP/2.0\r\nVia: " + b'"' * 60_000 + b"\r\n\r\n",
]
"""Such as show no way back either; those of RFC 4475 are in `torture`."""


async def test_messages_that_are_none_are_counted_and_stop_nothing(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    for data in NO_MESSAGES:
        phone.way().send(data)
    counted = len(NO_MESSAGES) - 1
    assert await until(lambda: entrance.counted["malformed"] == counted), "but filling"
    assert await code_of(phone, "INVITE") == 200
    assert entrance.counted["mistake"] == 0


async def test_no_bytes_of_a_trunk_are_a_mistake_of_ours(entrance: Entrance) -> None:
    await entrance.open()
    chance = random.Random(4_475)  # noqa: S311 - the same each time
    phone = entrance.phone()
    await phone.invite()
    seeds = [
        phone.request(method, sdp=OFFER, headers=[("authorization", 'Digest a="b"')]).to_bytes()
        for method in ("INVITE", "ACK", "BYE", "INFO", "OPTIONS", "UPDATE", "CANCEL")
    ]
    for _ in range(3_000):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 12)):
            at = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randrange(40)]
                case _:
                    data[at:at] = data[chance.randrange(len(data)) :][: chance.randrange(40)]
            data = data or bytearray(b"x")
        entrance.door.received(bytes(data), phone.way())
        await asyncio.sleep(0)
    assert entrance.counted["mistake"] == 0
    assert entrance.counted["malformed"] > 500
    assert await code_of(entrance.phone(), "INVITE") == 200


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[trunks.north]\naddresses = []", "addresses"),
        ("[trunks.north]\naddresses = ['north']", "addresses"),
        ("[trunks.north]\naddresses = ['192.0.2.1']\nusername = 'a'", "go together"),
        ("[trunks.north]\naddresses = ['192.0.2.1']\nport = 1", "port"),
        (f"{NORTH}out = {{ address = '192.0.2.2' }}", "out.address must"),
        (f"{NORTH}out = {{ address = '192.0.2.1', username = 'a' }}", "go together"),
        ("[trunks", "TOML"),
        ("", "trunks"),
    ],
)
def test_a_file_of_trunks_says_what_is_wrong_with_it(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "trunks.toml"
    file.write_text(text)
    with pytest.raises(BadRequest, match=says):
        read_trunks(file)
    with pytest.raises(BadRequest, match="cannot be read"):
        read_trunks(tmp_path / "none.toml")
