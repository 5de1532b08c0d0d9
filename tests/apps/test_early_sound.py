"""What a caller from a trunk hears before the call is answered, and when it is answered."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contactcentre.adapters.embedded.server import free_port
from contactcentre.adapters.media_aiortc.packets import RtpPacket
from contactcentre.apps.trunk_caller import TrunkCaller
from contactcentre.bench.phone import PhonePeer
from contactcentre.bench.sip_phone import Exchange
from contactcentre.domain.call import CallState
from contactcentre.domain.ids import CallId
from contactcentre.domain.languages import Language
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import Answer, Stage
from tests.apps.small_centre import small_centre

NUMBER = "+441632960001"
TRUNKS = """
[trunks.north]
addresses = ["127.0.0.1"]
early_media = true
"""


class Line:
    """A telephone line that notes what is said to it (ports.phones.Phone)."""

    facts = None

    def __init__(self) -> None:
        self.said: list[str] = []

    def ring(self) -> None:
        """Note it."""
        self.said.append("ring")

    def announce(self, sdp: str) -> None:
        """Note it."""
        self.said.append(f"announce {sdp}")

    def answer(self, sdp: str, *, call: CallId) -> None:  # noqa: ARG002 - the port's
        """Note it."""
        self.said.append(f"answer {sdp}")

    def refuse(self, code: int, *, retry_after_s: int | None = None) -> None:  # noqa: ARG002 - the port's
        """Note it."""
        self.said.append(f"refuse {code}")

    def hang_up(self) -> None:
        """Note it."""
        self.said.append("hang up")

    def let_go(self) -> None:
        """Note it."""
        self.said.append("let go")

    async def refer(self, uri: str, *, by: str, within_s: float) -> int | None:  # noqa: ARG002 - the port's
        """Call nobody."""
        return None

    async def is_there(self) -> bool:
        """Be there."""
        return True


def caller(line: Line) -> TrunkCaller:
    """Return a caller who hears announcements early, and has just been given the sound."""
    behind: Any = None
    claim: Any = SimpleNamespace(call=CallId("c"))
    one = TrunkCaller(
        line, claim, host="", number=None, is_early=True, changed=lambda _: None,
        new_leg=behind, media=behind, admission=behind, calls=behind,
    )  # fmt: skip
    one.send(Answer(call=CallId("c"), sdp="sound"))
    return one


def stage(state: CallState, **keys: str) -> Stage:
    """Return where a call is, and which keys do something."""
    return Stage(state=state, language=Language.ENGLISH, words=["Welcome."], keys=keys)


async def test_whoever_only_hears_an_announcement_is_never_answered() -> None:
    line = Line()
    one = caller(line)
    one.send(stage(CallState.IN_MENU))
    one.send(stage(CallState.ENDED))
    one.close(Closing.DONE)
    assert line.said == ["announce sound", "hang up"]


@pytest.mark.parametrize(
    "asked",
    [stage(CallState.IN_MENU, zero="Extra support"), stage(CallState.WAITING)],
    ids=["a key", "waiting"],
)
async def test_whoever_is_asked_for_a_key_or_waits_is_answered_once(asked: Stage) -> None:
    line = Line()
    one = caller(line)
    for said in (stage(CallState.IN_MENU), asked, asked):
        one.send(said)
    one.close(Closing.DONE)
    assert line.said == ["announce sound", "answer sound", "hang up"]


async def test_an_announcement_without_an_end_is_answered_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("contactcentre.apps.trunk_caller.EARLY_MAX_S", 0.05)
    line = Line()
    one = caller(line)
    await asyncio.sleep(0.1)
    one.close(Closing.DONE)
    assert line.said == ["announce sound", "answer sound", "hang up"]


async def test_the_welcome_is_heard_before_the_call_is_answered(
    redis_url: str, tmp_path: Path
) -> None:
    trunks, port = tmp_path / "trunks.toml", free_port()
    trunks.write_text(TRUNKS)
    settings = {"CC_SIP_PORT": str(port), "CC_SIP_TRUNKS": str(trunks)}
    settings["CC_RTP_PORTS"] = "22000-22999"
    heard: list[RtpPacket] = []
    async with small_centre(redis_url, tmp_path, nodes=1, **settings):
        exchange, sound = Exchange(), PhonePeer()
        await exchange.open()
        await sound.open()
        sound.packet_came = heard.append
        call = exchange.phone(("127.0.0.1", port), NUMBER)
        call.sdp, call.heard = sound.sdp(), sound.answered
        dialling = asyncio.create_task(call.invite())
        async with asyncio.timeout(10):
            while len(heard) < 20:  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.02)
        assert not dialling.done()
        async with asyncio.timeout(20):
            response = await dialling
        assert response is not None
        assert response.code == 200
        await call.bye()
        await sound.close()
        await exchange.close()
