"""What was answered is answered again the same way, for as long as it may be asked again."""

import asyncio
import gc
from weakref import ref

import pytest

from contactcentre.adapters.sip import transactions
from contactcentre.adapters.sip.remembered import Fading
from tests.adapters.sip.entrance import Entrance, until


async def test_things_are_let_go_of_in_turn_each_after_its_time() -> None:
    gone: list[str] = []
    fading: Fading[str] = Fading(0.05, gone.append)
    fading.keep("first")
    await asyncio.sleep(0.03)
    fading.keep("second")
    await asyncio.sleep(0.03)
    assert gone == ["first"]
    assert await until(lambda: gone == ["first", "second"])
    fading.keep("third")
    fading.close()
    await asyncio.sleep(0.1)
    assert gone == ["first", "second"]


async def test_a_goodbye_that_comes_again_is_answered_as_before(
    entrance: Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "LIFE_S", 0.5)
    await entrance.open()
    phone = entrance.phone()
    assert await phone.invite() is not None
    goodbye = phone.request("BYE")
    codes = []
    for _ in range(2):
        response = await phone.ask(goodbye)
        codes.append(response and response.code)
    assert codes == [200, 200]
    assert entrance.door.repeated_count == 1
    await asyncio.sleep(0.7)
    response = await phone.ask(goodbye)
    assert response is not None
    assert response.code == 481, "it is a new one by now, of a call that is over"


async def test_a_call_that_is_over_is_held_by_nothing_that_answers_for_it(
    entrance: Entrance,
) -> None:
    await entrance.open()
    phone = entrance.phone()
    gc.collect()
    gc.disable()
    try:
        assert await phone.invite() is not None
        someone = ref(entrance.board.calls[0])
        assert await until(lambda: entrance.board.calls[0].told == ["began"])
        await phone.bye()
        assert entrance.board.calls.pop().told == ["began", "ended"]
        assert await until(lambda: someone() is None, within_s=1.0), "not once it may be forgotten"
    finally:
        gc.enable()
