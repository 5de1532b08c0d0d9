"""What an adviser says of a call: written down whole each time, and shown again to a new page."""

from collections import OrderedDict

from contactcentre.domain.errors import Outage
from contactcentre.domain.ids import AdviserId, CallId
from contactcentre.ports.environment import Clock
from contactcentre.ports.records import Outcome, Outcomes

KEPT_MAX = 2_000
"""So many words are known without asking; beyond it the longest unused are let go."""


class WrapUps:
    """The advisers' words, and those of late that are known to be durable."""

    def __init__(self, outcomes: Outcomes, clock: Clock) -> None:
        self._outcomes = outcomes
        self._clock = clock
        self._durable: OrderedDict[tuple[CallId, AdviserId], Outcome] = OrderedDict()

    async def write(self, said: Outcome) -> Outcome:
        """Write words down and return what stands: these, or a later version from before.

        Raises LedgerUnavailable: the adviser's page keeps its copy and says them again.
        """
        stands = self._durable.get((said.call, said.adviser))
        if stands is None:
            stands = await self._outcomes.read(call=said.call, adviser=said.adviser)
        if stands is None or stands.version < said.version:
            await self._outcomes.write(said, at_ms=self._clock.now_ms())
            stands = said
        return self._keep(stands)

    async def fetch(self, *, call: CallId, adviser: AdviserId) -> None:
        """Have ready what is saved, if it can be read now."""
        try:
            saved = await self._outcomes.read(call=call, adviser=adviser)
        except Outage:
            return
        if saved is not None:
            self._keep(saved)

    def known(self, *, call: CallId, adviser: AdviserId) -> Outcome:
        """Return what this process knows to be saved; nothing, as version 0, if it knows none."""
        nothing = Outcome(call=call, adviser=adviser, outcome=None, notes="", version=0)
        return self._durable.get((call, adviser), nothing)

    def _keep(self, outcome: Outcome) -> Outcome:
        """Return the later of what is known and what has been learnt, and keep that."""
        key = (outcome.call, outcome.adviser)
        known = self._durable.get(key, outcome)
        self._durable[key] = max(known, outcome, key=lambda one: one.version)
        self._durable.move_to_end(key)
        while len(self._durable) > KEPT_MAX:
            self._durable.popitem(last=False)
        return self._durable[key]
