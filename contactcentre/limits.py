"""Bounds that nobody may change at run time, and how they relate."""

BEAT_EVERY_MS = 1_000
"""How often nodes and desks report themselves and what they hold."""
SWITCHES_EVERY_MS = 500
"""How often nodes and pages look at the supervisors' switches."""
LOADS_EVERY_MS = 2_000
"""How often it is looked how full those queues are that may overflow."""
RINGS_LOOK_EVERY_MS = 20
"""How often a router that matches looks how rings ended: a desk may fail within milliseconds."""
STORM_TOLD_EVERY_MS = 2_000
"""How often a router says again that there is a storm."""
STORM_ADVISERS = 5
"""Desks of so many advisers that failed on being rung are a storm, if most rings failed;"""
STORM_WINDOW_MS = 30_000
"""within so long."""
NODE_SUSPECT_AFTER_MS = 3_000
"""A node, or a desk process, whose beat has not changed for so long is taken for gone."""
SOCKET_BEAT_EVERY_MS = 2_000
"""Both ends of a socket send so often; a stopped peer is never seen otherwise."""
SOCKET_LOST_AFTER_MS = 5_000
SOCKET_DEAF_AFTER_MS = 2_500
"""Where sound has fallen silent as well, a socket is lost so soon: one beat alone may be late."""
RING_MS = 20_000
"""How long an adviser's desk rings before the call goes back to its place."""
BARRIER_MS = 2_500
"""After a loss of live state matching waits for every node's report, and no longer than this."""
EVACUATE_AFTER_MS = 8_000
"""A site that has been cut off from the live state for so long sends its callers to another one."""
ORPHAN_GRACE_MS = 60_000
"""A caller whose node is lost may come back within this; so may an adviser whose desk is lost."""
REJOIN_MS = 15_000
"""After a talk has moved to another node the adviser's browser joins it within this."""
PHONE_RING_MS = 20_000
"""An adviser's phone rings for so long before the call goes back to its place."""
PHONE_ANSWERS_WITHIN_MS = PHONE_RING_MS + 5_000
"""Then it is known that nobody picks it up, whatever its network says."""
DESKS_FAILED_MAX = 2
"""A call that so many desks in a row failed on is set aside for a while."""
SET_ASIDE_MS = 60_000
"""A call that was set aside is not offered for so long; it keeps its place."""
OFFER_WITHIN_MS = 1_000
"""A node answers an offer within this."""
OFFER_MOST_MS = 3_000
"""So long it may take on a line that has shown itself to be slow."""
TAKE_UP_MS = 1_500
"""A reservation that no node has taken up for so long goes back, on a slow line later."""
LEG_SILENT_AFTER_MS = 1_500
"""No packet for so long: the leg is silent."""
TICK_MS = 20
"""The one rhythm of all sound."""
SAMPLES_PER_TICK = 160
"""8,000 samples a second, G.711."""

CLAIM_LIFE_S = 4 * 3_600
"""A page may come back with its claim for so long after it was last refreshed."""
REDIAL_KEEP_MAX_MS = 30 * 60_000
"""Nobody may keep a place for longer for a caller who has left the queue."""
REDIAL_ORIGINAL_MAX_MS = 2 * 3_600_000
"""However often a caller leaves and calls again: a wait that began so long ago begins anew."""
STREAM_OPENS_WITHIN_S = 60
"""The sound of a caller on a telephone flows within this after its carrier was told where to."""
PHONE_CALL_MAX_S = 24 * 3_600
"""No carrier lets a call last longer."""
TICKET_LIFE_S = 60
CALLBACK_TICKET_LIFE_S = 60 * 60
"""An adviser's browser must open its leg within this after the ring."""

SDP_MAX_BYTES = 32_768
MESSAGE_MAX_BYTES = 65_536
"""The longest message of any socket or request between browser and server."""
KEYS_INBOX_MAX = 32
REPORT_CALLS_MAX = 200
"""Calls in one report; a node with more sends several."""
REPORT_SPREAD_MS = 150
"""Over so long they are spread: all at once they would hold up every offer of that moment."""
MATCHES_PER_SWEEP_MAX = 50
WISH_MS = 20_000
"""Whoever comes back from a talk that broke waits for the same adviser alone for so long."""
CALLBACK_ATTEMPTS_MAX = 3
"""Whoever does not answer is rung so often, and no more."""
CALLBACK_RETRY_MS = 15 * 60_000
"""Whoever has not answered is rung again after so long."""
CALLBACKS_PER_NUMBER_MAX = 2
"""So many open callbacks may name one number: nobody is made to be rung by others."""
CALLBACKS_MAX = 1_000
"""One keeper takes no more on; the others have the rest, or it has them later."""
KEEPER_LOST_AFTER_MS = 6_000
"""The callbacks of a keeper that has been silent for so long are taken up by another."""
NOTES_MAX_CHARS = 8_000
TEXT_MAX_CHARS = 1_000
"""Of one text in a chat."""
TEXTS_MAX = 400
"""Of one chat, whoever wrote them."""
TEXTS_AT_ONCE_MAX = 8
"""One writer may write so many texts without a pause."""
TEXT_EVERY_MS = 1_000
"""One more of them may follow after so long."""
CHATS_MAX = 5
"""Nobody can chat with more people at a time."""
CONSULT_WITHIN_MS = 120_000
"""If no other adviser has come within this, nobody is asked any longer."""
DIAL_AGAIN_EVERY_MS = 1_500
"""A node that rings a callback's number says so to its keeper so often,"""
DIAL_LOST_AFTER_MS = 6_000
"""and is lost to the keeper after so long."""
OUTSIDE_RING_MS = 45_000
"""An outside number rings for no longer."""
OUTSIDE_TALK_MAX_MS = 4 * 3_600_000
"""A caller who was left to an outside number is there for no longer."""
OUTSIDE_BACK_MS = 6_000
"""An outside number that another node goes on with has answered within this, or is gone."""
OUTSIDE_ORPHAN_MS = 20_000
"""An outside number of a lost node waits so long for the node that has its caller."""
OUTSIDE_AGAIN_MS = 5_000
"""What is kept of an outside number is kept anew so often: its node lives."""
KEPT_AT_ONCE_MAX = 200
"""One step in the store keeps no more telephone calls or outside numbers."""
SUPERVISORS_MAX = 3
"""So many supervisors may be in one talk."""
WRITTEN_WITHIN_MS = 5_000
"""A supervisor may listen once that is in the record; if it takes longer it is refused."""
WHY_MAX_CHARS = 200
"""Of what a supervisor writes beside the turn of a switch."""

assert SWITCHES_EVERY_MS < BEAT_EVERY_MS, "a switch is effective within about a second"
assert BEAT_EVERY_MS * 3 <= NODE_SUSPECT_AFTER_MS, "two beats may be lost"
assert NODE_SUSPECT_AFTER_MS < RING_MS, "a lost node is noticed within one ring"
assert OFFER_WITHIN_MS < TAKE_UP_MS, "an offer is answered before its reservation goes back"
assert TAKE_UP_MS + OFFER_MOST_MS < RING_MS, (
    "an offer nobody took up goes back before it could have been answered"
)
assert SOCKET_BEAT_EVERY_MS * 2 < SOCKET_LOST_AFTER_MS, "one beat of a socket may be lost"
assert SOCKET_BEAT_EVERY_MS < SOCKET_DEAF_AFTER_MS < SOCKET_LOST_AFTER_MS, "a beat may be late"
assert DIAL_AGAIN_EVERY_MS * 3 < DIAL_LOST_AFTER_MS, "two words may be lost"
assert REDIAL_KEEP_MAX_MS < REDIAL_ORIGINAL_MAX_MS < CLAIM_LIFE_S * 1_000, (
    "a kept place has its claim"
)
assert SDP_MAX_BYTES < MESSAGE_MAX_BYTES, "an offer fits into a message"
assert TEXT_MAX_CHARS * 12 < MESSAGE_MAX_BYTES, "a text fits as well, however it is escaped"
assert 2 * BEAT_EVERY_MS < WRITTEN_WITHIN_MS, "a node hears of what is durable in time"
assert TICK_MS * 8 == SAMPLES_PER_TICK, "8 kHz"

assert BEAT_EVERY_MS * 3 <= NODE_SUSPECT_AFTER_MS, "two beats may be lost"
assert 2 * BEAT_EVERY_MS < BARRIER_MS < NODE_SUSPECT_AFTER_MS, "every living node reports in time"
assert NODE_SUSPECT_AFTER_MS < RING_MS, "a lost node is noticed within one ring"
assert NODE_SUSPECT_AFTER_MS < KEEPER_LOST_AFTER_MS < ORPHAN_GRACE_MS, "none is presumed over"
assert OUTSIDE_AGAIN_MS + 2 * BEAT_EVERY_MS < OUTSIDE_ORPHAN_MS // 2, "one word may be lost"
assert SOCKET_LOST_AFTER_MS + REJOIN_MS < ORPHAN_GRACE_MS, "whoever comes back finds the call"
assert NODE_SUSPECT_AFTER_MS < EVACUATE_AFTER_MS, "nobody moves for a switch of primaries"
assert 2 * EVACUATE_AFTER_MS < ORPHAN_GRACE_MS, "whoever is sent elsewhere is there in time"
