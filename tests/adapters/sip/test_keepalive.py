"""Whether a trunk answers when it is asked outside of any call."""

import shutil
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.sip import keepalive
from contactcentre.adapters.sip.keepalive import answers
from contactcentre.adapters.sip.tls import TlsKeys
from tests.adapters.sip.certificates import make_authority, make_certificate
from tests.adapters.sip.entrance import LOOPBACK, Entrance


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_trunk_answers_unless_it_takes_no_calls(
    entrance: Entrance, tmp_path: Path, transport: str
) -> None:
    if transport == "tls" and shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    keys = None
    if transport == "tls":
        authority = make_authority(tmp_path, "authority")
        files = make_certificate(tmp_path, "node", authority.stem)
        keys = TlsKeys(replace(files, authorities=authority))
    await entrance.open(keys=keys)
    async with AsyncExitStack() as leaving:
        trunk = Entrance(leaving)
        await trunk.open(keys=keys)
        peer = trunk.there_tls if transport == "tls" else trunk.there
        assert await answers(entrance.door.ours, transport, peer)
        trunk.board.retry_after_s = 5
        assert not await answers(entrance.door.ours, transport, peer)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_nobody_does_not_answer(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr(keepalive, "ANSWER_MAX_S", 0.2)
    await entrance.open()
    assert not await answers(entrance.door.ours, transport, (LOOPBACK, free_port()))
