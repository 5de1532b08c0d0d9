"""The edge in front of the nodes: calls through Kamailio, and through rtpengine beside it.

Without them installed these tests are left out, which the check does not accept.
"""

import asyncio
import re
import shutil
import wave
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest

from contactcentre.bench.peer import strongest_tone
from contactcentre.bench.sip_phone import free_port
from tests.adapters.sip.certificates import make_authority, make_certificate
from tests.adapters.sip.edge import RELAYED, edge, rtpengine, until_code
from tests.adapters.sip.entrance import LOOPBACK, NUMBER, OFFER, Entrance, until
from tests.adapters.sip.sounding_board import TONE_HZ, sounding_board
from tests.adapters.sip.test_real_phones import (
    BARESIP,
    control,
    is_heard,
    modules,
    needs,
    running,
    secure_baresip,
)

SEEN_WITHIN_S = 1.5
"""The edge asks every node once a second."""


@needs("kamailio")
async def test_a_call_through_the_edge_reaches_the_node_that_lives_and_ends_from_either_side(
    entrance: Entrance, tmp_path: Path
) -> None:
    await entrance.open()
    dead = free_port(LOOPBACK)
    async with edge(tmp_path, dead, entrance.there[1]) as port:
        asked = entrance.exchange.phone((LOOPBACK, port), NUMBER)
        assert await until_code(asked, 200), (tmp_path / "kamailio.log").read_text()[-2_000:]
        for ends in ("phone", "node"):
            phone = entrance.exchange.phone((LOOPBACK, port), NUMBER)
            phone.sdp = OFFER
            response = await phone.invite()
            assert response is not None
            assert response.code == 200
            assert len(phone.routes) >= 1
            someone = entrance.board.calls[-1]
            assert await until(lambda: someone.told == ["began"])  # noqa: B023 - of this round
            if ends == "phone":
                bye = await phone.bye()
                assert bye is not None
                assert bye.code == 200
                assert someone.told == ["began", "ended"]
            else:
                someone.phone.hang_up()
                assert await until(lambda: phone.is_over)  # noqa: B023 - likewise
        entrance.board.retry_after_s = 5
        assert await until_code(asked, 503)


@needs("kamailio")
async def test_the_edge_sends_calls_to_a_strained_node_only_where_no_other_takes_them(
    entrance: Entrance, tmp_path: Path
) -> None:
    async with AsyncExitStack() as leaving:
        other = Entrance(leaving)
        for one in (entrance, other):
            await one.open()
        async with edge(tmp_path, entrance.there[1], other.there[1]) as port:

            async def calls(count: int) -> list[int]:
                """Call some times; return how many calls each node has got."""
                before = [len(one.board.calls) for one in (entrance, other)]
                for _ in range(count):
                    phone = entrance.exchange.phone((LOOPBACK, port), NUMBER)
                    phone.sdp = OFFER
                    response = await phone.invite()
                    assert response is not None
                    assert response.code == 200
                    await phone.bye()
                return [
                    len(one.board.calls) - was
                    for one, was in zip((entrance, other), before, strict=True)
                ]

            asked = entrance.exchange.phone((LOOPBACK, port), NUMBER)
            assert await until_code(asked, 200), (tmp_path / "kamailio.log").read_text()[-2_000:]
            entrance.board.is_strained = True
            await asyncio.sleep(SEEN_WITHIN_S)
            assert await calls(4) == [0, 4]
            other.board.retry_after_s = 5
            assert await calls(2) == [2, 0]
            await asyncio.sleep(SEEN_WITHIN_S)
            assert await calls(2) == [2, 0]
        for task in other.tasks:
            task.cancel()


@needs("baresip")
@needs("kamailio")
@needs("openssl")
@pytest.mark.parametrize("shows", [True, False])
async def test_a_carrier_calls_the_edge_over_tls_and_must_show_its_certificate(
    entrance: Entrance,
    tmp_path: Path,
    shows: bool,  # noqa: FBT001 - a case
) -> None:
    authority = make_authority(tmp_path, "authority")
    shutil.copy(authority, tmp_path / "carriers.pem")
    make_certificate(tmp_path, "edge", "authority")
    theirs = make_certificate(tmp_path, "carrier", "authority")
    told = secure_baresip(tmp_path, theirs if shows else None)
    await entrance.open()
    tls, calls = free_port(LOOPBACK), entrance.board.calls
    async with edge(tmp_path, entrance.there[1], tls=tls) as port:
        asked = entrance.exchange.phone((LOOPBACK, port), NUMBER)
        assert await until_code(asked, 200), (tmp_path / "kamailio.log").read_text()[-2_000:]
        async with running("baresip", "-f", str(tmp_path), cwd=tmp_path):
            await control(told, "dial", f"sip:{NUMBER}@{LOOPBACK}:{tls};transport=tls")
            if not shows:
                log = tmp_path / "kamailio.log"
                assert await until(lambda: "peer did not return a certificate" in log.read_text())
                assert not calls
                return
            assert await until(lambda: bool(calls)), (tmp_path / "baresip.log").read_text()
            assert await until(lambda: calls[0].told == ["began"])
            await control(told, "hangup")
            assert await until(lambda: calls[0].told == ["began", "ended"])
            await control(told, "dial", f"sip:{NUMBER}@{LOOPBACK}:{tls};transport=tls")
            assert await until(lambda: len(calls) == 2 and calls[1].told == ["began"])
            calls[1].phone.hang_up()
            log = tmp_path / "baresip.log"
            assert await until(lambda: "session closed" in log.read_text()), "by the node"


@needs("baresip")
@needs("kamailio")
@needs("rtpengine")
async def test_sound_goes_through_rtpengine_where_carriers_do_not_reach_the_nodes(
    entrance: Entrance, tmp_path: Path
) -> None:
    told = free_port(LOOPBACK)
    settings = {"host": LOOPBACK, "port": free_port(LOOPBACK), "control": told, "heard": tmp_path}
    (tmp_path / "config").write_text(BARESIP.format(modules=modules(), codec="g711", **settings))
    (tmp_path / "accounts").write_text(f"<sip:caller@{LOOPBACK}>;regint=0\n")
    async with sounding_board() as board, rtpengine(tmp_path) as relay:
        await entrance.open(switchboard=board)
        async with edge(tmp_path, entrance.there[1], relay=relay) as port:
            asked = entrance.exchange.phone((LOOPBACK, port), NUMBER)
            assert await until_code(asked, 200), (tmp_path / "kamailio.log").read_text()[-2_000:]
            async with running("baresip", "-f", str(tmp_path), cwd=tmp_path):
                await control(told, "dial", f"sip:{NUMBER}@{LOOPBACK}:{port}")
                assert await until(lambda: bool(board.calls))
                call = board.calls[0]
                assert _port_of(call.offer) in RELAYED
                assert await until(lambda: is_heard(board, call))
                await control(told, "sndcode", "7")
                assert await until(lambda: call.keys == "7"), call.keys
                await control(told, "hangup")
                assert await until(lambda: call.is_over)
    heard = next(tmp_path.glob("*-dec.wav"))
    with wave.open(str(heard)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    assert abs(strongest_tone(samples[-8_000:])[0] - TONE_HZ) < 20


def _port_of(offer: str) -> int:
    """Return where an offer wants its sound."""
    media = re.search(r"^m=audio (\d+) ", offer, flags=re.MULTILINE)
    assert media is not None
    return int(media[1])
