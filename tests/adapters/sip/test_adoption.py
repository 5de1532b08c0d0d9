"""A dialog that one node has had goes on at another, by an offer of its own sound."""

from contextlib import AsyncExitStack

from contactcentre.ports.phones import Ringing
from tests.adapters.sip.entrance import CALL, LOOPBACK, NUMBER, Entrance, Someone, until

OTHER_SOUND = "v=0\r\no=- 9 1 IN IP4 127.0.0.1\r\ns=-\r\nm=audio 11 RTP/AVP 8\r\n"
ADOPTED = Ringing(
    trunk="north",
    called=NUMBER,
    caller=None,
    diverted=None,
    offer=None,
    host=LOOPBACK,
    is_early=False,
)


async def test_a_dialog_goes_on_at_another_node_with_its_own_sound_and_its_own_goodbye(
    entrance: Entrance,
) -> None:
    await entrance.open()
    phone = entrance.phone()
    await phone.invite()
    facts = entrance.board.calls[0].phone.facts
    assert facts is not None
    await entrance.door.close()  # the node is gone without a word
    async with AsyncExitStack() as leaving:
        other = Entrance(leaving)
        await other.open()
        heard: list[str] = []
        phone.heard = heard.append
        adopted = other.door.adopt(facts)
        someone = Someone(ADOPTED, adopted)
        adopted.belongs_to(someone)
        adopted.answer(OTHER_SOUND, call=CALL)
        assert await until(lambda: heard == [OTHER_SOUND])
        assert await until(lambda: someone.told == ["answered v=0"])
        assert phone.requests[0].cseq[0] >= 100, "later than all that the other node asked"
        phone.target = f"sip:{NUMBER}@{LOOPBACK}:{other.there[1]}"
        phone.there = other.there
        info = phone.request("INFO", headers=[("content-type", "application/dtmf")])
        info.body = b"7"
        response = await phone.ask(info)
        assert response is not None
        assert (response.code, someone.told[-1]) == (200, "key 7")
        adopted.hang_up()
        assert await until(lambda: phone.is_over)
        assert [one.method for one in phone.requests] == ["INVITE", "BYE"]


async def test_a_phone_that_knows_the_call_no_more_ends_the_adoption(entrance: Entrance) -> None:
    await entrance.open()
    phone = entrance.phone()
    await phone.invite()
    facts = entrance.board.calls[0].phone.facts
    assert facts is not None
    phone.exchange.forget(phone)
    adopted = entrance.door.adopt(facts)
    someone = Someone(ADOPTED, adopted)
    adopted.belongs_to(someone)
    adopted.answer(OTHER_SOUND, call=CALL)
    assert await until(lambda: someone.told == ["lost"])
