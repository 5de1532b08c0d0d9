"""Every key of the live state: its type, who writes it and how long it lives.

Keys come from this file alone. A namespace stands before each, so that tests and centres can share
a server. Names that end in a colon are the beginnings of keys: a script that finds out a name on
its way (the head of a queue, the adviser of a call) puts it behind one.

| key               | type    | written by                     | lives                             |
|-------------------|---------|--------------------------------|-----------------------------------|
| call:<call>       | hash    | nodes and routers              | a day after the last report,      |
|                   |         |                                | an hour after its end             |
| passed:<call>     | hash    | public processes               | an hour                           |
| phone:<call>      | hash    | nodes                          | an hour after the last claim      |
| pulled:<call>     | string  | routers that rescue            | fifteen seconds                   |
| text:<call>       | hash    | nodes                          | a day after the last text         |
| texted:<number>   | hash    | nodes                          | a day after the first text        |
| texts             | hash    | nodes                          | a minute after the first of them  |
| queue:<queue>     | zset    | nodes and routers              | while calls wait in it            |
| queues            | set     | nodes; look_matchable takes    | while calls wait in one of them   |
|                   |         | out the empty ones             |                                   |
| served:<queue>    | list    | nodes, at each answer          | an hour after the last answer or  |
|                   |         |                                | till a call joins an empty queue  |
| reservations      | zset    | routers                        | until taken up or given back      |
| wishes            | zset    | nodes and routers              | until matched, lapsed or over     |
| request:<request> | string  | routers                        | a minute                          |
| rings             | list    | nodes, as rings end            | an hour after the last            |
| storm             | string  | routers that see a storm       | five seconds                      |
| adviser:<adviser> | hash    | desks; nodes and routers as    | half a day after the last report  |
|                   |         | calls come and go              |                                   |
| advisers          | set     | desks; look_centre and         | while the adviser's hash is there |
|                   |         | look_advisers take out unknown |                                   |
| ready             | zset    | desks, nodes and routers       | while advisers are ready          |
| ready_in:<place>  | zset    | desks, nodes and routers       | while advisers are ready          |
| at_work           | hash    | nodes and desks, look_loads    | two seconds                       |
| desk:<desk>       | hash    | desks                          | an hour after the last beat       |
| desks             | set     | desks; look_desks takes out    | while the desk's hash is there    |
|                   |         | the unknown ones               |                                   |
| seats:<desk>      | set     | desks; routers                 | half a day after the last report  |
| lost_advisers     | zset    | routers; desks                 | until reported or signed off      |
| node:<node>       | hash    | nodes                          | an hour after the last beat       |
| nodes             | set     | nodes; look_nodes takes out    | while the node's hash is there    |
|                   |         | the unknown ones               |                                   |
| holds:<node>      | set     | nodes; routers                 | a day after the last report       |
| dialog:<call>     | string  | nodes                          | a day after the last change       |
| dialogs:<node>    | set     | nodes; whoever takes the calls | while telephone calls are there   |
|                   |         | of a lost one up               |                                   |
| trunks:<node>     | string  | nodes                          | an hour after the last look       |
| lost              | zset    | routers; nodes                 | until reported, ended or presumed |
|                   |         |                                | to be over                        |
| opened            | string  | routers                        | for ever                          |
| token             | string  | routers; reports observe       | for ever                          |
| enqueued          | string  | nodes; reports observe         | for ever                          |
| events            | stream  | nodes; the records process     | an entry until it is durable      |
|                   |         | lets go                        |                                   |
| unread            | list    | the records process            | for ever, bounded                 |
| durable:<node>    | string  | the records process            | a week after the last event       |
| switches          | hash    | desks                          | for ever                          |
| wake              | channel | nodes, desks and routers       | -                                 |

call: state (in_menu, waiting, hidden, reserved, ringing, talking, closed), count and nonce (the
epoch of the leg that owns it), node, token (the highest reservation it has seen), once it has
queued: queue, head_start_ms, enqueued_ms, and while reserved, rung or talked with: adviser, desk;
doubts (how many reports in a row were outranked). A closed call keeps its state, epoch and ending;
one that is only presumed to be over (presumed is there) keeps its rank and token as well.

adviser: state, reason, call, token, since_ms, desk, beat, queues (the places, with a blank
between), after:<place> (from which waiting time of the head on the adviser is asked there, in
milliseconds; at once where there is none), set_back (how many milliseconds later than since_ms the
adviser counts as ready, so that the less occupied come first; 0 where that is not asked), doubts
(how many reports in a row were outranked), sent (there if a ring or the end of a talk has put the
adviser where the adviser is, and the desk has not spoken since).

passed: page (the digest of the secret of the page that has the place of that call now) and call
(its new call): who has called again keeps the place once.

phone: of a call from a telephone: claim (what the page of a web caller would carry) with the count
and nonce of the leg that it is of, ways (how often the caller's sound was let in), pass:<nonce> (a
pass that was used). pulled: count and nonce of the leg that a router just pulls the call off.

text: of a call whose caller was texted a link: by the step that offered it, trying or sent. texted:
how many texts a number has had, under a digest of it that only the centre can make. texts: how many
were sent in this minute, and how many look-ups of numbers were paid for in it.

place: where an adviser stands among those of a queue: the queue's name for level 1, with :2 or :3
behind it for the levels below. How long a head has waited is the store's time less its enqueued_ms,
and decides nothing but whether a level is asked yet: a step of that clock makes it early or late.

queue: calls that may be matched, by score, which is enqueued_ms - head_start_ms, lowest first;
equal scores stand in the order of their ids. A hidden call is in no queue; its hash keeps its rank.
A queue @<adviser> is that adviser's own, and a place of that adviser alone: whose talk broke waits
there for the same adviser, by enqueued_ms less the greatest head start, until a router lets that
lapse into the call's queue. The call's hash then says wish, the adviser; what stands there without
it is a leftover. wishes: call and adviser with a blank between, by the token of the broken talk.

rings: how the last rings of the whole centre ended, the latest first: token, failed or well, and
adviser, with blanks between. storm: there while a router says so, so that boards can show it.

at_work: how many advisers are at work in each queue that somebody has asked about, a count that is
kept for a moment, so that the advisers are not walked for each node that asks.

holds: the calls of a node that have not ended. seats: the advisers whom a desk has reported last,
but for those who are offline. Whoever is taken out of one as its process is lost stands in lost or
lost_advisers, by when, until there is a word of them again; that time is for order alone and is
never compared with a clock. An adviser there is in neither ready nor ready_in.

dialog: what another node needs to go on with a telephone call, its claim and its dialog; sealed, as
callers' numbers are in it. dialogs: which of those calls a node has. trunks: how each trunk that a
node asks stands: its name, up or down, and since when by that node's clock, with blanks between.

switches: a copy of how the supervisors' switches stand (said), and its number; the records have the
truth, and every desk puts the copy back that it knows.

opened: the store that matching was opened on, by its run id and replication id.
"""

import re
from dataclasses import dataclass

from contactcentre.domain.ids import AdviserId, CallId, DeskId, NodeId, QueueId
from contactcentre.domain.levels import LEVEL_FIRST

CALL_KEPT_S = 24 * 3_600
CLOSED_KEPT_S = 3_600
PASSED_KEPT_S = 3_600
PHONE_KEPT_S = 3_600
PULLED_KEPT_S = 15
TEXT_KEPT_S = 24 * 3_600
TEXTS_KEPT_S = 60
ADVISER_KEPT_S = 12 * 3_600
PROCESS_KEPT_S = 3_600
SERVED_KEPT_S = 3_600
REQUEST_KEPT_S = 60
AT_WORK_KEPT_S = 2
RINGS_KEPT_S = 3_600
STORM_KEPT_S = 5
DIALOGS_KEPT_S = 24 * 3_600
MARK_KEPT_S = 7 * 24 * 3_600

_NAME = re.compile(r"[^\s:][^\s]*")


def _checked(name: str) -> str:
    """Return a name that can stand in a key and in a list of names with blanks between."""
    assert _NAME.fullmatch(name), f"{name!r} can be no part of a key"
    return name


def own_queue(adviser: AdviserId) -> QueueId:
    """Return the queue of those who wait for one adviser alone."""
    return QueueId(f"@{_checked(adviser)}")


def place(queue: QueueId, level: int) -> str:
    """Return what an adviser's place in a queue is called."""
    return _checked(queue) if level == LEVEL_FIRST else f"{_checked(queue)}:{level}"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one centre."""

    namespace: str

    def _key(self, rest: str) -> str:
        return f"{self.namespace}:{rest}"

    def call(self, call: CallId) -> str:
        """Return where a call stands."""
        return self.any_call + _checked(call)

    @property
    def any_call(self) -> str:
        """Return how the keys of calls begin."""
        return self._key("call:")

    def passed(self, call: CallId) -> str:
        """Return to which new call a call's place has been passed on."""
        return self._key("passed:") + _checked(call)

    def phone(self, call: CallId) -> str:
        """Return where it is what belongs to a caller on a telephone."""
        return self._key("phone:") + _checked(call)

    def pulled(self, call: CallId) -> str:
        """Return where it is that somebody pulls a call off its lost node."""
        return self._key("pulled:") + _checked(call)

    def text(self, call: CallId) -> str:
        """Return where it is which texts the caller of a call was sent."""
        return self._key("text:") + _checked(call)

    def texted(self, number: str) -> str:
        """Return where it is how many texts a number has had; `number` is a digest of it."""
        return self._key("texted:") + _checked(number)

    @property
    def texts(self) -> str:
        """Return where it is how many texts and look-ups there were in this minute."""
        return self._key("texts")

    def queue(self, queue: QueueId) -> str:
        """Return where a queue's waiting calls stand in order."""
        return self.any_queue + _checked(queue)

    @property
    def any_queue(self) -> str:
        """Return how the keys of queues begin."""
        return self._key("queue:")

    @property
    def queues(self) -> str:
        """Return where the queues are listed in which calls may wait."""
        return self._key("queues")

    def served(self, queue: QueueId) -> str:
        """Return where the times of a queue's last answers stand, the latest first."""
        return self.any_served + _checked(queue)

    @property
    def any_served(self) -> str:
        """Return how the keys of the times of answers begin."""
        return self._key("served:")

    @property
    def reservations(self) -> str:
        """Return where the reserved calls are listed by token."""
        return self._key("reservations")

    @property
    def wishes(self) -> str:
        """Return where the calls stand that wait for one adviser alone, the oldest wish first."""
        return self._key("wishes")

    def request(self, request: str) -> str:
        """Return where it stands what came of a router's request."""
        return self._key("request:") + _checked(request)

    def adviser(self, adviser: AdviserId) -> str:
        """Return where an adviser stands."""
        return self.any_adviser + _checked(adviser)

    @property
    def any_adviser(self) -> str:
        """Return how the keys of advisers begin."""
        return self._key("adviser:")

    @property
    def advisers(self) -> str:
        """Return where the advisers are listed."""
        return self._key("advisers")

    @property
    def ready(self) -> str:
        """Return where the ready advisers stand, by who is next."""
        return self._key("ready")

    def ready_in(self, queue: QueueId) -> str:
        """Return where the ready advisers of a queue's first level stand, by who is next."""
        return self.any_ready_in + place(queue, LEVEL_FIRST)

    @property
    def any_ready_in(self) -> str:
        """Return how the keys of the ready advisers of a place begin."""
        return self._key("ready_in:")

    @property
    def at_work(self) -> str:
        """Return where it stands how many advisers are at work in queues."""
        return self._key("at_work")

    @property
    def rings(self) -> str:
        """Return where it stands how the last rings ended."""
        return self._key("rings")

    @property
    def storm(self) -> str:
        """Return where a router says that there is a storm."""
        return self._key("storm")

    def desk(self, desk: DeskId) -> str:
        """Return where a desk process is described."""
        return self.any_desk + _checked(desk)

    @property
    def any_desk(self) -> str:
        """Return how the keys of desk processes begin."""
        return self._key("desk:")

    @property
    def desks(self) -> str:
        """Return where the desk processes are listed."""
        return self._key("desks")

    def seats(self, desk: DeskId) -> str:
        """Return where the advisers of a desk process are listed."""
        return self.any_seats + _checked(desk)

    @property
    def any_seats(self) -> str:
        """Return how the keys of the advisers of a desk process begin."""
        return self._key("seats:")

    @property
    def lost_advisers(self) -> str:
        """Return where the advisers stand whose desk process is lost, the longest lost first."""
        return self._key("lost_advisers")

    def node(self, node: NodeId) -> str:
        """Return where a media node is described."""
        return self.any_node + _checked(node)

    @property
    def any_node(self) -> str:
        """Return how the keys of nodes begin."""
        return self._key("node:")

    @property
    def nodes(self) -> str:
        """Return where the nodes are listed."""
        return self._key("nodes")

    def holds(self, node: NodeId) -> str:
        """Return where the calls of a node are listed."""
        return self.any_holds + _checked(node)

    @property
    def any_holds(self) -> str:
        """Return how the keys of the calls of a node begin."""
        return self._key("holds:")

    @property
    def any_dialog(self) -> str:
        """Return how the keys of what others need to go on with a telephone call begin."""
        return self._key("dialog:")

    def dialogs(self, node: NodeId) -> str:
        """Return where the telephone calls of a node are listed."""
        return self._key("dialogs:") + _checked(node)

    def trunks(self, node: NodeId) -> str:
        """Return where it stands how a node's trunks are."""
        return self._key("trunks:") + _checked(node)

    @property
    def lost(self) -> str:
        """Return where the calls stand whose node is lost, the longest lost first."""
        return self._key("lost")

    @property
    def opened(self) -> str:
        """Return where the store is named that matching was opened on."""
        return self._key("opened")

    @property
    def token(self) -> str:
        """Return where the last reservation's number stands."""
        return self._key("token")

    @property
    def enqueued(self) -> str:
        """Return where the last enqueue time stands."""
        return self._key("enqueued")

    @property
    def events(self) -> str:
        """Return the stream of events on their way to the ledger."""
        return self._key("events")

    @property
    def unread(self) -> str:
        """Return where entries of the stream are kept that nobody could read."""
        return self._key("unread")

    def durable(self, node: NodeId) -> str:
        """Return up to which number a node's events are in the ledger."""
        return self._key("durable:") + _checked(node)

    @property
    def switches(self) -> str:
        """Return where a copy of the supervisors' switches is."""
        return self._key("switches")

    @property
    def wake(self) -> str:
        """Return the channel that says: something may be matched."""
        return self._key("wake")
