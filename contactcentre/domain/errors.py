"""What the centre refuses, as a tree.

Refusal                     a rule said no; the asker can be told why
├── UnknownName             no such call, line, queue, adviser or setting
├── BadRequest              what was sent cannot be understood
│   ├── MalformedOffer      no audio connection can be made of that offer
│   └── BrokenFlow          a flow, its words or its sound cannot be used as written
├── BadClaim                a token or ticket that is forged, expired or somebody else's
├── NotSignedIn             nobody is signed in, or the name and password do not belong together
├── NotAllowed              signed in, but not for this
├── TooMany                 more attempts than are allowed in a while
│   └── LinesBusy           as many numbers are being rung, or were within a minute, as may be
├── NumberNotAllowed        no number that may be rung from here, or be shown there
├── OutOfOrder              that event may not follow in this state
├── NodeFull                this node takes no further calls
├── ChatClosed              nobody answers chats of that line now
├── QueueClosed             nobody answers that queue now
├── StaleToken              a newer reservation has taken the place of this one
├── StaleEpoch              another leg has taken the call since
└── CallClosed              the call has ended for good
Outage                      the world failed; ask again later
├── StateUnavailable        Redis
│   └── StoreChanged        Redis has restarted, been emptied or been replaced: matching waits
├── LedgerUnavailable       PostgreSQL
│   ├── SwitchNotTurned     so a supervisor's switch stays as it is
│   └── NotWrittenDown      so nobody may listen to a talk
├── MediaUnavailable        sound
├── PeerUnavailable         another process of ours
│   └── PeerBroke           it was lost as it was told
├── CarrierUnavailable      whoever brings us calls from the telephone network
└── SpoolFull               the disk that keeps events until they are durable

Bugs are neither: they are AssertionError, and they end the task that met them.
"""

from typing import ClassVar


class Refusal(Exception):
    """A rule said no. The message says what to do, in a sentence the asker may read."""

    code: ClassVar[str] = "refused"


class UnknownName(Refusal):
    """No such call, line, queue, adviser or setting."""

    code = "unknown-name"


class BadRequest(Refusal):
    """What was sent cannot be understood."""

    code = "bad-request"


class MalformedOffer(BadRequest):
    """No audio connection can be made of that offer."""

    code = "malformed-offer"


class BrokenFlow(BadRequest):
    """A flow, its words or its sound cannot be used as written."""

    code = "broken-flow"


class BadClaim(Refusal):
    """A token or ticket that is forged, expired or somebody else's."""

    code = "bad-claim"


class NotSignedIn(Refusal):
    """Nobody is signed in, or the name and password do not belong together."""

    code = "not-signed-in"


class NotAllowed(Refusal):
    """Signed in, but not for this."""

    code = "not-allowed"


class TooMany(Refusal):
    """More attempts than are allowed in a while."""

    code = "too-many"


class LinesBusy(TooMany):
    """As many numbers are being rung, or have been within a minute, as the settings allow."""

    code = "lines-busy"


class NumberNotAllowed(Refusal):
    """It is no number that may be rung from here, or that may be shown there."""

    code = "number-not-allowed"


class OutOfOrder(Refusal):
    """That event may not follow in this state."""

    code = "out-of-order"


class CallerIsYours(Refusal):
    """Whoever wanted to leave a consultation has just been left the caller."""

    code = "caller-is-yours"


class NodeFull(Refusal):
    """A node that is full or draining takes no further calls."""

    code = "node-full"


class ChatClosed(Refusal):
    """Nobody answers chats of that line now."""

    code = "chat-closed"


class QueueClosed(Refusal):
    """Nobody answers that queue now."""

    code = "queue-closed"


class StaleToken(Refusal):
    """A newer reservation has taken the place of this one."""

    code = "stale-token"


class StaleEpoch(Refusal):
    """Another leg has taken the call since."""

    code = "stale-epoch"


class CallClosed(Refusal):
    """The call has ended for good."""

    code = "call-closed"


class Outage(Exception):
    """The world failed; ask again later."""

    code: ClassVar[str] = "outage"


class StateUnavailable(Outage):
    """Redis did not answer in time, or not as a primary."""

    code = "state-unavailable"


class StoreChanged(StateUnavailable):
    """The store is not the one that matching was opened on; it waits until nodes have reported."""

    code = "store-changed"


class LedgerUnavailable(Outage):
    """PostgreSQL did not answer in time, or not for writing."""

    code = "ledger-unavailable"


class SwitchNotTurned(LedgerUnavailable):
    """A supervisor's switch is turned in PostgreSQL first, and it did not answer."""

    code = "switch-not-turned"


class NotWrittenDown(LedgerUnavailable):
    """Who listens to a talk must be in PostgreSQL first, and it did not answer."""

    code = "not-written-down"


class MediaUnavailable(Outage):
    """Sound cannot be carried here."""

    code = "media-unavailable"


class PeerUnavailable(Outage):
    """Another process of ours did not answer in time."""

    code = "peer-unavailable"


class PeerBroke(PeerUnavailable):
    """Another process of ours was told something, and was lost before it had answered."""

    code = "peer-broke"


class CarrierUnavailable(Outage):
    """Whoever brings us calls from the telephone network did not do as asked."""

    code = "carrier-unavailable"


class SpoolFull(Outage):
    """The disk that keeps events until they are durable has reached its bound."""

    code = "spool-full"
