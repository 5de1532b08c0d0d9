"""A real caller with real sound books a callback at a real node, and takes it back."""

from pathlib import Path

import aiohttp

from contactcentre.adapters.ledger_postgres.pool import PostgresPool
from contactcentre.domain.callback import callback_of
from contactcentre.domain.events import Ending
from contactcentre.domain.ids import CallId, QueueId
from contactcentre.wire.closing import Closing
from tests.apps.small_centre import PAYING, SECRET, SmallCentre, small_centre


async def callback(pool: PostgresPool) -> tuple[str, str, str, str]:
    """Return the one callback that there is."""
    async with pool.connection() as connection:
        [row] = await connection.fetch("SELECT id, queue, number, state FROM callbacks")
    return row["id"], row["queue"], row["number"], row["state"]


async def cancel(centre: SmallCentre, claim: str) -> int | None:
    """Take a callback back on a socket of its own; return how the node closes that."""
    async with centre.session.ws_connect(centre.leg_url) as socket:
        await socket.send_json({"kind": "cancel_callback", "claim": claim, "secret": SECRET})
        while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        return socket.close_code


async def test_a_caller_books_by_keys_and_hears_so_once_it_is_durable_and_may_cancel(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with (
        small_centre(
            redis_url,
            tmp_path,
            CC_DATABASE_URL=database_url,
            CC_CALLBACK_CEILING_MS="0",
            CC_CALLBACK_FROM_HOUR="0",
            CC_CALLBACK_UNTIL_HOUR="24",
        ) as centre,
        PostgresPool(database_url) as pool,
    ):
        caller = await centre.wait_in_queue("call-1")
        while "1" not in (await caller.hear("stage", state="waiting"))["keys"]:
            pass
        for key in ("1", *"01632960001"):
            await caller.say("key", key=key)
        while "2" not in (await caller.hear("stage"))["keys"]:
            pass
        await caller.say("key", key="1")
        said = await caller.hear("stage")
        while not (said["is_booked"] and said["words"]):
            if "2" in said["keys"]:  # there are later half hours of this day
                await caller.say("key", key="1")
            said = await caller.hear("stage")
        assert "booked" in said["words"][0]
        call = CallId("call-1")
        booked = (callback_of(call), PAYING, "+441632960001")
        assert await callback(pool) == (*booked, "open")
        [stands] = await centre.state.look_calls([call])
        assert stands.ending is Ending.CALLBACK
        assert await centre.state.place(call=call, queue=QueueId(PAYING)) is None
        assert await cancel(centre, caller.claim) == Closing.DONE
        assert await callback(pool) == (*booked, "cancelled")
