"""A keeper of callbacks, put together: it runs beside the record that it keeps them from."""

from collections.abc import Sequence

from aiohttp import web

from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.telemetry import metrics
from contactcentre.adapters.web.routes import read_said, say
from contactcentre.apps.reach import DeskRings, PeerWay
from contactcentre.domain.call import CallState
from contactcentre.domain.callback import Callback, CallbackNews, RingingHours
from contactcentre.domain.events import LapseReason
from contactcentre.domain.ids import CallId, NodeId, QueueId, Token
from contactcentre.journey.calling_back import CallingBack
from contactcentre.journey.dialling_back import DiallingBack
from contactcentre.journey.keeping import Keeper
from contactcentre.limits import KEEPER_LOST_AFTER_MS
from contactcentre.ports.callbacks import Callbacks, CountNews, KeeperPlace
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.live import Offered
from contactcentre.settings import Settings
from contactcentre.wire.cluster import (
    AskDial,
    AskRing,
    AttemptSaid,
    CallbackAnswered,
    CallbackFacts,
    CallbackSaid,
    DialFacts,
    DialOver,
    OfferCall,
    Ring,
    RingAgain,
)

KEPT_MAX = 2_000
"""So many of the last ones are remembered: they are told of again within seconds or a talk."""


class Gauges:
    """What a keeper shows of its callbacks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: set[QueueId] = set()

    def show(self, standing: Sequence[Callback]) -> None:
        """Show how many stand in each queue seen so far, and how long the oldest has waited."""
        self._queues |= {one.queue for one in standing}
        now_ms = self._clock.now_ms()
        for queue in self._queues:
            ages_ms = [max(0, now_ms - one.enqueued_ms) for one in standing if one.queue == queue]
            metrics.show_callbacks(queue, len(ages_ms), max(ages_ms, default=0))


class CallbackCounts:
    """What became of callbacks: that one was kept counts once for each time that it was taken.

    That is told more than once: by the node that rang the number, again where it heard no answer
    to that, and by the adviser afterwards.
    """

    def __init__(self, count: CountNews) -> None:
        self._count = count
        self._kept: dict[CallId, Token] = {}

    def add(self, callback: Callback, token: Token, news: CallbackNews) -> None:
        """Count what became of a callback as it was taken by that token."""
        if news is CallbackNews.KEPT:
            if self._kept.get(callback.id) == token:
                return
            self._kept[callback.id] = token
            if len(self._kept) > KEPT_MAX:
                del self._kept[next(iter(self._kept))]
        self._count(callback.queue, news)


class HttpCallbackDesks:
    """The advisers' desks, as a keeper reaches them. See ports.callbacks.CallbackDesks."""

    def __init__(self, rings: DeskRings, clock: Clock, place: KeeperPlace) -> None:
        self._rings = rings
        self._clock = clock
        self._place = place

    def told(self, callback: Callback, offered: Offered, *, ring_ms: int) -> Ring:
        """Return a ring, or with `ring_ms` 0 what has been taken, as its desk is told of it."""
        now_ms = self._clock.now_ms()
        return Ring(
            call=callback.id,
            adviser=offered.adviser,
            token=offered.token,
            node=self._place.node,
            node_url="",
            ticket="",
            line=callback.line,
            queue=callback.queue,
            language=callback.language,
            waited_ms=max(0, now_ms - callback.enqueued_ms),
            ring_ms=ring_ms,
            epoch=callback.epoch,
            journey=[],
            callback=CallbackFacts(
                number=callback.number,
                booked_ms=max(0, now_ms - callback.booked_at_ms),
                attempts_count=callback.attempts_count,
                keeper_url=self._place.internal_url,
            ),
        )

    async def ring(self, callback: Callback, offered: Offered, *, ring_ms: int) -> None:
        """Let an adviser's desk ring."""
        await self._rings.ring(offered, self.told(callback, offered, ring_ms=ring_ms))

    async def bridged(self, callback: Callback, offered: Offered) -> None:
        """Tell the desk that its adviser has taken the callback."""
        await self._rings.bridged(callback.id, offered, callback.epoch)

    async def moved(self, callback: Callback, offered: Offered) -> None:
        """Tell the desk that its callback is at this keeper now."""
        await self._rings.moved(offered, self.told(callback, offered, ring_ms=0))

    async def over(
        self, callback: Callback, offered: Offered, *, lapse: LapseReason | None
    ) -> None:
        """Tell the desk that the ring came to nothing, or (None) that the attempt has ended."""
        await self._rings.over(callback.id, offered, callback.epoch, lapse=lapse)


class KeeperDoor:
    """What routers and desks say to a keeper."""

    def __init__(
        self,
        keeper: Keeper,
        desks: HttpCallbackDesks,
        callbacks: Callbacks,
        clock: Clock,
        dialling: DiallingBack,
    ) -> None:
        self._keeper = keeper
        self._dialling = dialling
        self._desks = desks
        self._callbacks = callbacks
        self._clock = clock

    @property
    def routes(self) -> Sequence[web.RouteDef]:
        """Return the internal routes of a keeper."""
        return [
            web.post("/offers", self._take_offer),
            web.post("/rings/again", self._ring_again),
            web.post("/callbacks/words", self._hear),
            web.post("/callbacks/attempts", self._write_down),
            web.post("/callbacks/dials", self._ask_dial),
            web.post("/callbacks/dials/over", self._dial_over),
            web.post("/callbacks/answers", self._answered),
        ]

    async def take_offer(self, offer: OfferCall) -> None:
        """Take a router's offer up. Raises UnknownName, StaleToken, OutOfOrder."""
        offered = Offered(adviser=offer.adviser, desk=offer.desk, token=offer.token)
        await self._keeper.take(offer.call, offered)

    def ring_again(self, asked: AskRing) -> RingAgain:
        """Tell a desk that has taken an adviser up how the ring or the attempt stands.

        Raises UnknownName, StaleToken.
        """
        held = self._keeper.again(asked.call, asked.adviser, asked.token, asked.desk)
        assert held.offered is not None, "a desk asks for what is offered there"
        left_ms = self._keeper.ring_left_ms(held)
        ring = self._desks.told(held.callback, held.offered, ring_ms=left_ms)
        return RingAgain(ring=ring, talking=held.state is not CallState.RINGING)

    def hear(self, said: CallbackSaid) -> None:
        """Take what an adviser does. Raises UnknownName, StaleToken, OutOfOrder, TooMany."""
        self._keeper.hear(said.call, said.adviser, said.token, said.word)

    async def write_down(self, said: AttemptSaid) -> None:
        """Write down how an attempt has ended whose keeper is lost, or has lost it.

        Who keeps the callback by now finds it in the record, and is not told otherwise. Raises
        UnknownName, LedgerUnavailable.
        """
        await self._callbacks.conclude(
            said.call,
            said.attempt,
            adviser=said.adviser,
            token=said.token,
            at_ms=self._clock.now_ms(),
        )

    def ask_dial(self, asked: AskDial) -> DialFacts:
        """Let a media node ring a number. Raises UnknownName, StaleToken, OutOfOrder."""
        held, offered = self._dialling.ask(asked.call, asked.adviser, asked.token, asked.dial)
        callback = held.callback
        return DialFacts(
            number=callback.number,
            line=callback.line,
            queue=callback.queue,
            language=callback.language,
            service_class=callback.service_class,
            enqueued_ms=callback.enqueued_ms,
            epoch=callback.epoch,
            desk=offered.desk,
        )

    async def _take_offer(self, request: web.Request) -> web.Response:
        await self.take_offer(await read_said(request, OfferCall))
        return web.Response(status=204)

    async def _ring_again(self, request: web.Request) -> web.Response:
        return say(self.ring_again(await read_said(request, AskRing)))

    async def _hear(self, request: web.Request) -> web.Response:
        self.hear(await read_said(request, CallbackSaid))
        return web.Response(status=204)

    async def _write_down(self, request: web.Request) -> web.Response:
        await self.write_down(await read_said(request, AttemptSaid))
        return web.Response(status=204)

    async def _ask_dial(self, request: web.Request) -> web.Response:
        return say(self.ask_dial(await read_said(request, AskDial)))

    async def _dial_over(self, request: web.Request) -> web.Response:
        said = await read_said(request, DialOver)
        self._dialling.over(said.call, said.adviser, said.token, said.dial, is_made=said.is_made)
        return web.Response(status=204)

    async def _answered(self, request: web.Request) -> web.Response:
        said = await read_said(request, CallbackAnswered)
        await self._dialling.answered(said.call, said.adviser, said.token)
        return web.Response(status=204)


def assemble_keeper(
    settings: Settings,
    *,
    internal_url: str,
    state: RedisState,
    callbacks: Callbacks,
    peers: PeerWay,
    clock: Clock,
    chance: Chance,
    lost_after_ms: int = KEEPER_LOST_AFTER_MS,
) -> tuple[Keeper, KeeperDoor]:
    """Return the keeper of a process, and the door to it."""
    place = KeeperPlace(
        node=NodeId(f"keeper-{settings.node}"), site=settings.site, internal_url=internal_url
    )
    desks = HttpCallbackDesks(DeskRings(peers, state), clock, place)
    counts = CallbackCounts(metrics.count_callback)
    conductor = CallingBack(
        callbacks=callbacks,
        queues=state,
        desks=desks,
        clock=clock,
        ring_ms=settings.ring_ms,
        count=counts.add,
    )
    keeper = Keeper(
        place,
        callbacks=callbacks,
        queues=state,
        addresses=state,
        desks=desks,
        conductor=conductor,
        clock=clock,
        chance=chance,
        hours=ringing_hours(settings),
        show=Gauges(clock).show,
        lost_after_ms=lost_after_ms,
    )
    dialling = DiallingBack(
        keeper,
        callbacks,
        clock=clock,
        hours=ringing_hours(settings),
        count=counts.add,
    )
    return keeper, KeeperDoor(keeper, desks, callbacks, clock, dialling)


def ringing_hours(settings: Settings) -> RingingHours:
    """Return when people may be rung."""
    return RingingHours(
        from_hour=settings.callback_from_hour, until_hour=settings.callback_until_hour
    )
