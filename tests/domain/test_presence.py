"""The words for what an adviser is doing."""

from contactcentre.domain.desk_stand import AWAY_AFTER
from contactcentre.domain.presence import CHOSEN_REASONS, MATCHABLE, AwayReason, Presence


def test_only_who_is_ready_is_given_calls() -> None:
    assert {Presence.READY} == MATCHABLE


def test_nobody_can_choose_to_have_been_unreachable() -> None:
    happened = set(AwayReason) - set(CHOSEN_REASONS)
    assert happened == {AwayReason.SIGNED_IN, AwayReason.LOST_CONNECTION, *AWAY_AFTER.values()}
