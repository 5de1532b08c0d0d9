"""What happens to an adviser's desk, in the order of a day, for the tests of its rules."""

from contactcentre.domain import desk as d
from contactcentre.domain import desk_events as e
from contactcentre.domain.desk_stand import Desk
from contactcentre.domain.epochs import LegEpoch
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import AdviserId, CallId, QueueId, Token
from contactcentre.domain.presence import AwayReason, Presence

ADA = AdviserId("ada")
CALL = CallId("call-1")
LATER_CALL = CallId("call-2")
PAYING = QueueId("tax.paying.en")
ALLOWED_MS = 90_000
NEW = Desk(adviser=ADA, wrap_up_allowed_ms=ALLOWED_MS)


FIRST, SECOND = LegEpoch(1, "a"), LegEpoch(2, "b")
"""The caller's leg, and the one after it on another node."""


def rang(at_ms: int = 10, *, token: int = 5, call: CallId = CALL) -> e.Rang:
    """Let a call ring."""
    return e.Rang(
        at_ms=at_ms, call=call, queue=PAYING, token=Token(token), epoch=FIRST, ring_ms=20_000
    )


def began(
    at_ms: int = 20, *, token: int = 5, call: CallId = CALL, epoch: LegEpoch = FIRST
) -> e.TalkBegan:
    """Let a talk begin."""
    return e.TalkBegan(at_ms=at_ms, call=call, token=Token(token), epoch=epoch)


def moved(at_ms: int = 25, *, token: int = 5, epoch: LegEpoch = SECOND) -> e.TalkMoved:
    """Let a talk go on at another node."""
    return e.TalkMoved(at_ms=at_ms, call=CALL, queue=PAYING, token=Token(token), epoch=epoch)


def found(*, talking: bool, token: int = 5, epoch: LegEpoch = FIRST) -> e.RingFound:
    """Let the node tell again."""
    return e.RingFound(
        at_ms=28, queue=PAYING, token=Token(token), epoch=epoch, ring_ms=7_000, talking=talking
    )


def ended(
    at_ms: int = 30,
    *,
    token: int = 5,
    lapse: LapseReason | None = None,
    epoch: LegEpoch = FIRST,
) -> e.RingEnded:
    """Let a ring or talk end."""
    return e.RingEnded(at_ms=at_ms, token=Token(token), epoch=epoch, lapse=lapse)


def gone(*, token: int = 5) -> e.CallGone:
    """Let the live state have it that the call is over."""
    return e.CallGone(at_ms=30, token=Token(token))


def stands(state: Presence, *, token: int, reason: AwayReason | None = None) -> e.StandingSeen:
    """Say how the live state has the adviser."""
    return e.StandingSeen(at_ms=40, state=state, reason=reason, token=Token(token))


def recovered(
    state: Presence,
    *,
    reason: AwayReason | None = None,
    call: CallId | None = None,
    token: int = 5,
    for_ms: int = 0,
) -> e.Recovered:
    """Say what a desk process that does not know the adviser finds."""
    return e.Recovered(
        at_ms=1, state=state, reason=reason, call=call, token=Token(token), for_ms=for_ms
    )


def after(*events: e.DeskEvent, desk: Desk = NEW) -> Desk:
    """Return the desk after all that."""
    for event in events:
        desk = d.follow(desk, event)
    return desk


SIGN_IN = e.SignedIn(at_ms=1)
OPEN = e.SocketOpened(at_ms=2)
LOSE = e.SocketLost(at_ms=3)
PRESS_READY = e.ReadyPressed(at_ms=4)
PRESS_LUNCH = e.AwayPressed(at_ms=4, reason=AwayReason.LUNCH)
CHOOSE = e.OutcomeChosen(at_ms=25, call=CALL, chosen=True)
FINISH = e.WrapUpFinished(at_ms=60, call=CALL, away=None)
MORE = e.MoreTimeAsked(at_ms=50)
TICK = e.TimePassed(at_ms=50)
GO_HOME = e.SignedOut(at_ms=70)

AWAY = after(SIGN_IN, OPEN)
READY = after(PRESS_READY, desk=AWAY)
RINGING = after(rang(), desk=READY)
TALKING = after(began(), desk=RINGING)
WRAPPING = after(ended(), desk=TALKING)

X, A, R, N, T, W = (
    Presence.OFFLINE,
    Presence.AWAY,
    Presence.READY,
    Presence.RINGING,
    Presence.TALKING,
    Presence.WRAP_UP,
)
