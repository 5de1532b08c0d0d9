"""Whether this node's trunks are there: asked twice a minute, and told to whoever watches.

It decides nothing: a call is tried over a trunk that does not answer as well. An operator is to
know before the callers do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from contactcentre.adapters.telemetry.phone_metrics import show_trunk
from contactcentre.domain.errors import StateUnavailable
from contactcentre.domain.ids import NodeId
from contactcentre.ports.environment import Chance, Clock
from contactcentre.ports.phones import KeptTrunks, TrunkStanding

log = structlog.get_logger()

ASK_EVERY_MS = 30_000
ASK_JITTER_MS = 5_000
ASK_AGAIN_MS = 5_000
"""One that does not answer is asked sooner."""
DOWN_AFTER_COUNT = 2
"""So many questions in a row go unanswered before a trunk counts as down."""
Asks = Callable[[], Awaitable[bool]]


class TrunkWatch:
    """How the trunks of one node stand."""

    def __init__(
        self,
        trunks: Mapping[str, Asks],
        kept: KeptTrunks,
        *,
        node: NodeId,
        clock: Clock,
        chance: Chance,
        is_misnamed: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Begin; `is_misnamed` says whether somebody else's certificate was shown for a trunk."""
        self._trunks = trunks
        self._kept = kept
        self._node = node
        self._clock = clock
        self._chance = chance
        self._is_misnamed = is_misnamed
        self.standings: dict[str, TrunkStanding] = {}

    async def watch(self) -> None:
        """Ask each trunk for ever."""
        async with asyncio.TaskGroup() as group:
            for trunk, asks in self._trunks.items():
                group.create_task(self._watch(trunk, asks), name=f"trunk {trunk} watched")

    async def _watch(self, trunk: str, asks: Asks) -> None:
        failed_count = 0
        await self._clock.sleep_ms(self._chance.jitter(ASK_AGAIN_MS))
        while True:
            failed_count = 0 if await asks() else failed_count + 1
            if not 0 < failed_count < DOWN_AFTER_COUNT:
                self._note(trunk, is_up=failed_count == 0)
            await self._keep()
            pause_ms = ASK_AGAIN_MS if failed_count else ASK_EVERY_MS
            jitter_ms = ASK_JITTER_MS * pause_ms // ASK_EVERY_MS
            await self._clock.sleep_ms(pause_ms - jitter_ms + self._chance.jitter(2 * jitter_ms))

    def _note(self, trunk: str, *, is_up: bool) -> None:
        """Note how a trunk stands, and say so if that is news."""
        before = self.standings.get(trunk)
        is_misnamed = not is_up and self._is_misnamed(trunk)
        if before is not None and (before.is_up, before.is_misnamed) == (is_up, is_misnamed):
            return
        since_ms = self._clock.now_ms()
        self.standings[trunk] = TrunkStanding(
            is_up=is_up, since_ms=since_ms, is_misnamed=is_misnamed
        )
        show_trunk(trunk, is_up=is_up, since_ms=since_ms)
        if is_up:
            log.info("a trunk answers", trunk=trunk)
        else:
            log.warning("a trunk does not answer", trunk=trunk, is_misnamed=is_misnamed)

    async def _keep(self) -> None:
        try:
            await self._kept.keep_trunks(self._node, self.standings)
        except StateUnavailable:
            log.debug("how trunks stand is kept a little later")
