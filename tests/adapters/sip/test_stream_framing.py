"""SIP over TCP, where messages have no edges of their own.

Whatever bytes come, and however they are cut, the next good connection is answered.
"""

import asyncio
import random
import re
from collections.abc import Sequence
from contextlib import suppress

import pytest

from contactcentre.adapters.sip import ways
from contactcentre.adapters.sip.messages import MESSAGE_MAX_BYTES
from tests.adapters.sip.entrance import DEADLINE_S, Entrance, until

BODY = "one\r\n\r\nOPTIONS sip:x SIP/2.0\r\n\r\n"
"""Looks like the end of a message and the beginning of another one."""
GARBAGE = [
    b"\0" * 300,
    b"\r\n\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\0\x01",
    b":\r\n\r\n",
]
TOO_LONG = str(MESSAGE_MAX_BYTES + 1)
ALL = 1_000
LENGTHS = ["99999999999", "-1", TOO_LONG, "9" * 5_000, "1e3", "+5", "0x10", "\u0663"]


def message(entrance: Entrance, *, body: str = "") -> bytes:
    """Return a question of a phone over TCP."""
    request = entrance.phone().request("OPTIONS", sdp=body)
    return request.to_bytes().replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP")


def named(messages: bytes) -> list[bytes]:
    """Return which calls some messages are of, in their order."""
    return re.findall(rb"Call-ID: (\S+)", messages)


def pieces(stream: bytes, chance: random.Random) -> list[bytes]:
    """Return a stream cut at any of its bytes."""
    cuts = sorted(chance.randrange(len(stream) + 1) for _ in range(chance.randrange(12)))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


async def said(entrance: Entrance, stream: Sequence[bytes], *, count: int = ALL) -> bytes:
    """Send a stream in pieces; return so many answers, or those that came until its end."""
    reader, writer = await asyncio.open_connection(*entrance.there)
    heard = b""
    with suppress(OSError):  # it may be cut off meanwhile
        for piece in stream:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if count == ALL:
            writer.write_eof()
    async with asyncio.timeout(DEADLINE_S):
        with suppress(ConnectionError):
            while heard.count(b"\r\n\r\n") < count and (more := await reader.read(65_536)):
                heard += more
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return heard


async def is_heard(entrance: Entrance) -> bool:
    """Say whether the next good connection is answered."""
    asks = message(entrance)
    heard = await said(entrance, [asks], count=1)
    return heard.startswith(b"SIP/2.0 200 ") and named(heard) == named(asks)


async def test_messages_are_found_wherever_the_network_cuts_or_joins_them(
    entrance: Entrance,
) -> None:
    await entrance.open()
    chance = random.Random(3_261)  # noqa: S311 - the same each time
    for _ in range(40):
        bodies = [chance.choice(["", BODY, "x" * chance.randrange(3_000)]) for _ in range(5)]
        stream = b"\r\n".join(message(entrance, body=body) for body in bodies)
        heard = await said(entrance, pieces(stream, chance), count=len(bodies))
        codes = re.findall(rb"^SIP/2.0 (\d+) ", heard, flags=re.MULTILINE)
        assert len(codes) == len(bodies)
        assert set(codes) <= {b"200", b"503"}, "503 where the machine has stood still"
        assert named(heard) == named(stream.replace(BODY.encode(), b""))
    assert entrance.counted["malformed"] == entrance.counted["mistake"] == 0


async def test_a_message_that_comes_a_byte_at_a_time_is_answered(entrance: Entrance) -> None:
    await entrance.open()
    asks = message(entrance, body=BODY)
    heard = await said(entrance, [asks[at : at + 1] for at in range(len(asks))], count=1)
    assert named(heard) == named(asks)


@pytest.mark.parametrize("ping", [[b"\r\n\r\n"], [b"\r", b"\n\r", b"\n"]])
async def test_two_empty_lines_are_answered_with_one_and_the_connection_stays(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch, ping: Sequence[bytes]
) -> None:
    monkeypatch.setattr(ways, "MESSAGE_MAX_MS", 200)
    await entrance.open()
    reader, writer = await asyncio.open_connection(*entrance.there)
    for piece in (b"\r\n", message(entrance), *ping):
        writer.write(piece)
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)  # longer than a message may take that has begun
    asks = message(entrance)
    writer.write(asks)
    async with asyncio.timeout(DEADLINE_S):
        assert await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n"
        heard = await reader.readuntil(b"\r\n\r\n")
    assert heard.startswith(b"SIP/2.0 200 ")
    assert named(heard) == named(asks)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("length", LENGTHS)
async def test_a_length_that_is_none_ends_its_connection_and_no_other(
    entrance: Entrance, length: str
) -> None:
    await entrance.open()
    other, writer = await asyncio.open_connection(*entrance.there)
    bad = message(entrance).replace(b"Content-Length: 0", b"Content-Length: " + length.encode())
    good = message(entrance)
    heard = await said(entrance, [bad, good], count=1)
    assert heard == b"", "nobody knows where the next message begins"
    assert await is_heard(entrance)
    writer.write(message(entrance))
    async with asyncio.timeout(DEADLINE_S):
        assert (await other.readuntil(b"\r\n")).startswith(b"SIP/2.0 200 ")
    writer.close()
    await writer.wait_closed()


async def test_a_message_without_a_length_has_no_body(entrance: Entrance) -> None:
    await entrance.open()
    asks = [message(entrance).replace(b"Content-Length: 0\r\n", b"") for _ in range(2)]
    heard = await said(entrance, asks, count=2)
    assert named(heard) == named(b"".join(asks))


async def test_no_stream_of_bytes_keeps_the_next_connection_from_being_heard(
    entrance: Entrance,
) -> None:
    await entrance.open()
    unforeseen: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: unforeseen.append(context))
    chance = random.Random(4_475)  # noqa: S311 - the same each time
    for _ in range(150):
        parts: list[bytes] = []
        for _ in range(chance.randrange(1, 6)):
            part = bytearray(message(entrance, body=chance.choice(["", BODY])))
            for _ in range(chance.randrange(4)):
                at = chance.randrange(len(part))
                part[at : at + chance.randrange(30)] = chance.randbytes(chance.randrange(30))
            length = f"Content-Length: {chance.choice([*LENGTHS, '', '7', '500'])}".encode()
            if chance.random() < 0.3:
                part = bytearray(re.sub(rb"Content-Length: \d+", length, bytes(part)))
            parts += [bytes(part), chance.choice([b"", *GARBAGE])]
        await said(entrance, pieces(b"".join(parts), chance))
        assert await is_heard(entrance)
    assert await until(lambda: not entrance.door._ways._streams)  # noqa: SLF001 - whom else to ask?
    assert not unforeseen
    assert entrance.counted["mistake"] == 0
