"""Why a socket between browser and server was closed: the close codes both ends go by.

A page that is told DONE, REPLACED or NOT_SIGNED_IN does not come back by itself; after every other
code, and after a loss without any, it does.
"""

from enum import IntEnum


class Closing(IntEnum):
    """A WebSocket close code of ours."""

    DONE = 1_000
    """What the socket was for is over."""
    STOPPING = 1_001
    """This process stops; another one, or this one once it is back, takes over."""
    TOO_LONG = 1_009
    """A message was longer than `MESSAGE_MAX_BYTES`."""
    BROKEN = 1_011
    """We made a mistake."""
    MALFORMED = 4_400
    """What was sent cannot be understood."""
    NOT_SIGNED_IN = 4_401
    """Nobody is signed in, or no longer."""
    REFUSED = 4_403
    """What was asked cannot be done."""
    LOST = 4_408
    """Nothing was heard for `SOCKET_LOST_AFTER_MS`."""
    REPLACED = 4_409
    """A newer socket has taken this one's place."""
    ELSEWHERE = 4_410
    """This site is cut off from the others, which serve: a node of another site takes over."""
    TOO_SLOW = 4_429
    """More was waiting to be read than we keep."""
