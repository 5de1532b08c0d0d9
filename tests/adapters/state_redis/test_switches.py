"""The copy of the switches in Redis."""

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.domain.ids import LineId, SoundName
from contactcentre.domain.ivr.flow import QueueName
from contactcentre.domain.ivr.switches import LineSwitches, Switches

STANDS = LineSwitches(
    notice=SoundName("busy"), is_shut=True, diverts={QueueName("a"): QueueName("b")}
)


def switches(number: int) -> Switches:
    return Switches(number=number, lines={LineId("tax"): STANDS})


async def test_a_copy_is_read_as_it_was_put_there(state: RedisState) -> None:
    assert await state.look_switches() is None
    assert await state.keep_switches(switches(7)) == switches(7)
    assert await state.look_switches() == switches(7)


async def test_an_older_copy_never_takes_the_place_of_a_newer_one(state: RedisState) -> None:
    newest = 1_790_000_000_000_001
    await state.keep_switches(switches(newest))
    assert await state.keep_switches(switches(newest - 1)) == switches(newest)
    assert await state.look_switches() == switches(newest)
    assert await state.keep_switches(switches(newest + 1)) == switches(newest + 1)


async def test_a_store_that_was_emptied_is_given_the_copy_again(state: RedisState) -> None:
    await state.keep_switches(switches(7))
    await state.client.ask("FLUSHALL")
    assert await state.look_switches() is None
    await state.keep_switches(switches(7))
    assert await state.look_switches() == switches(7)
