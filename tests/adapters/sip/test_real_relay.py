"""Sound that goes through rtpengine beside the edge of `deploy/`.

Without it installed these tests are left out, which the check does not accept.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from contactcentre.adapters.embedded.server import free_port
from contactcentre.bench.phone import PhonePeer
from contactcentre.bench.sip_phone import PhoneCall
from tests.adapters.sip.entrance import CALL, LOOPBACK, NUMBER, OFFER, Entrance, Someone, until
from tests.adapters.sip.sounding_board import TONE_HZ, sounding_board
from tests.adapters.sip.test_adoption import ADOPTED
from tests.adapters.sip.test_real_edge import edge, until_code
from tests.adapters.sip.test_real_phones import needs, running

INSIDE = "127.0.0.2"
"""Where rtpengine has its nodes; the trunks are at 127.0.0.1."""
PORTS = range(24_000, 24_400)
PHONE_HZ, TAKEN_OVER_HZ = 440.0, 900.0


@asynccontextmanager
async def relay(cwd: Path) -> AsyncIterator[int]:
    """Run rtpengine without a kernel's help, and give the port where it is told what to do."""
    port = free_port()
    interfaces = [f"--interface=outside/{LOOPBACK}", f"--interface=inside/{INSIDE}"]
    ports = [f"--port-min={PORTS.start}", f"--port-max={PORTS.stop - 1}"]
    told = [f"--listen-ng={LOOPBACK}:{port}", "--table=-1", "--foreground", "--log-stderr"]
    few = ["--num-threads=2", "--config-file=none", f"--pidfile={cwd}/relay.pid"]
    async with running("rtpengine", *interfaces, *ports, *told, *few, cwd=cwd):
        await listens(port)
        yield port


async def listens(port: int) -> None:
    """Wait until rtpengine says that it is there (its protocol: a cookie and a bencoded word)."""
    loop = asyncio.get_running_loop()
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)  # noqa: FBT003 - the library's own
        asking.connect((LOOPBACK, port))
        for _ in range(50):
            with suppress(OSError):
                await loop.sock_sendall(asking, b"1 d7:command4:pinge")
                async with asyncio.timeout(0.2):
                    assert b"pong" in await loop.sock_recv(asking, 200)
                    return
            await asyncio.sleep(0.1)
    raise TimeoutError("rtpengine does not listen")


async def takes_calls(phone: PhoneCall, folder: Path) -> None:
    """Wait until the edge has seen a node."""
    assert await until_code(phone, 200), (folder / "kamailio.log").read_text()[-2_000:]


def place_of(sdp: str) -> tuple[str, int]:
    """Return where a description of sound says that it is."""
    lines = sdp.splitlines()
    host = next(line for line in lines if line.startswith("c=")).split()[-1]
    return host, int(next(line for line in lines if line.startswith("m=audio")).split()[1])


@needs("kamailio")
@needs("rtpengine")
async def test_sound_goes_through_rtpengine_both_ways_and_after_another_node_has_the_call(
    entrance: Entrance, tmp_path: Path
) -> None:
    sound, taking = PhonePeer(), PhonePeer()
    await sound.open()
    await taking.open()
    async with AsyncExitStack() as leaving:
        board = await leaving.enter_async_context(sounding_board())
        await entrance.open(switchboard=board)
        told = await leaving.enter_async_context(relay(tmp_path))
        dead = free_port()
        nodes = (dead, entrance.there[1])
        port = await leaving.enter_async_context(edge(tmp_path, *nodes, relay=told))
        await takes_calls(entrance.exchange.phone((LOOPBACK, port), NUMBER), tmp_path)
        phone = entrance.exchange.phone((LOOPBACK, port), NUMBER)
        phone.sdp, phone.heard = sound.sdp(), sound.answered
        response = await phone.invite()
        assert response is not None
        assert response.code == 200
        assert is_relays(place_of(response.body.decode()), LOOPBACK)
        call = board.calls[0]
        assert is_relays(place_of(call.offer), INSIDE)
        sound.hum(PHONE_HZ)
        assert await sound.hears(TONE_HZ), sound.heard()
        assert await until(lambda: is_loud(board.media.quality(call.leg)))

        facts = call.phone.facts
        assert facts is not None
        await entrance.door.close()  # the node is gone without a word, and says nothing any more
        await board.media.close(call.leg)
        other = Entrance(leaving)
        await other.open()
        adopted = other.door.adopt(facts)
        someone = Someone(ADOPTED, adopted)
        said: list[str] = []
        someone.phone_answered = said.append  # type: ignore[method-assign,assignment]
        adopted.belongs_to(someone)
        adopted.answer(taking.sdp(), call=CALL)
        assert await until(lambda: bool(said))
        assert is_relays(place_of(phone.requests[-1].body.decode()), LOOPBACK)
        assert is_relays(place_of(said[0]), INSIDE)
        taking.answered(said[0])
        taking.hum(TAKEN_OVER_HZ)
        assert await sound.hears(TAKEN_OVER_HZ), sound.heard()
        assert await taking.hears(PHONE_HZ), taking.heard()
        adopted.hang_up()
        assert await until(lambda: phone.is_over)
    await sound.close()
    await taking.close()


@needs("kamailio")
async def test_an_edge_that_reaches_no_rtpengine_sends_calls_elsewhere(
    entrance: Entrance, tmp_path: Path
) -> None:
    await entrance.open()
    async with edge(tmp_path, entrance.there[1], relay=free_port()) as port:
        await takes_calls(entrance.exchange.phone((LOOPBACK, port), NUMBER), tmp_path)
        phone = entrance.exchange.phone((LOOPBACK, port), NUMBER)
        phone.sdp = OFFER
        async with asyncio.timeout(5):
            response = await phone.invite()
        assert response is not None
        assert response.code == 503
        assert response.first("retry-after") == "5"
        assert not entrance.board.calls


def is_relays(place: tuple[str, int], host: str) -> bool:
    """Say whether this is a port of rtpengine, on that side."""
    return place[0] == host and place[1] in PORTS


def is_loud(quality: object) -> bool:
    """Say whether a leg is sent a tone."""
    return getattr(quality, "level_dbov", -100) > -40
