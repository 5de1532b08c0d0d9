"""How many take part in a drill, and in what: all that its staging counts is counted here.

A quarter of the callers talks when something is lost, a quarter rings and a quarter waits; the
others are in the menu. Those who talk call first, so that what they call with is known before
anybody calls, and so is what is done with whom beside talking. Nothing is planned that may not come
about: an adviser who was hired for it would be one too many, or one too few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from contactcentre.drills.floor import FIRST_NUMBER
from contactcentre.drills.handing import Way
from contactcentre.drills.legs import Legs
from contactcentre.drills.rooms import ways_of

SHARES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """Who takes part in one drill."""

    share: int
    """So many talk, as many ring and as many wait;"""
    in_menu: int
    """and so many are in the menu."""
    ways: Sequence[Way] = ()
    """What is done with callers who talk, each with another one."""

    @property
    def advisers(self) -> int:
        """Return how many advisers it takes: one for each talk and each ring, and nobody more.

        Who is asked about a caller is another one; who has left a caller outside is free again.
        """
        return 2 * self.share + self.ways.count(Way.MEET) - self.ways.count(Way.LEAVE_OUTSIDE)


def cast(chance: Random, legs: Legs, *, calls: int, with_rooms: bool = False) -> Casting:
    """Return who takes part where so many call; `with_rooms` more than talking goes on."""
    share = max(1, calls // SHARES)
    talkers = range(FIRST_NUMBER, FIRST_NUMBER + share)
    return Casting(
        share=share,
        in_menu=calls - 3 * share,
        ways=ways_of(chance, [legs.kind_of(one) for one in talkers]) if with_rooms else (),
    )
