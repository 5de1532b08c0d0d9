"""The seats of one adviser, and what is offered beside what."""

import pytest

from contactcentre.domain.ids import AdviserId
from contactcentre.domain.presence import Presence
from contactcentre.domain.seats import chat_seats, is_chat_seat, may_chat, may_talk, person_of

ADA = AdviserId("ada")
P = Presence


def test_each_chat_has_a_seat_of_its_own() -> None:
    assert chat_seats(ADA, 2) == ("ada/c1", "ada/c2")


def test_a_seat_says_whose_it_is() -> None:
    assert {person_of(seat) for seat in (ADA, *chat_seats(ADA, 3))} == {ADA}
    assert not is_chat_seat(ADA)
    assert all(map(is_chat_seat, chat_seats(ADA, 3)))


@pytest.mark.parametrize("state", list(Presence))
def test_chats_are_offered_to_whoever_is_ready_and_has_no_call(state: Presence) -> None:
    assert may_chat(state) is (state is P.READY)


@pytest.mark.parametrize(
    ("chats", "beside_max", "may"),
    [
        ([], 0, True),
        ([P.READY, P.WRAP_UP, P.AWAY], 0, True),
        ([P.TALKING, P.READY], 0, False),
        ([P.TALKING, P.READY], 1, True),
        ([P.TALKING, P.RINGING], 1, False),
        ([P.TALKING, P.TALKING], 2, True),
    ],
)
def test_a_call_is_offered_beside_so_many_chats_and_no_more(
    chats: list[Presence],
    beside_max: int,
    may: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert may_talk(chats, beside_max=beside_max) is may
