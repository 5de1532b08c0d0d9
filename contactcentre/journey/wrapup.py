"""What an adviser says of a call: written down whole each time, and shown again to a new page."""

from contactcentre.domain.errors import Outage
from contactcentre.domain.ids import AdviserId, CallId
from contactcentre.ports.environment import Clock
from contactcentre.ports.records import Outcome, Outcomes


class WrapUps:
    """The advisers' words, and the last ones of each that are known to be durable."""

    def __init__(self, outcomes: Outcomes, clock: Clock) -> None:
        self._outcomes = outcomes
        self._clock = clock
        self._durable: dict[AdviserId, Outcome] = {}

    async def write(self, said: Outcome) -> Outcome:
        """Write words down and return what stands: these, or a later version from before.

        Raises LedgerUnavailable: the adviser's page keeps its copy and says them again.
        """
        stands = self._known(said.call, said.adviser)
        if stands is None:
            stands = await self._outcomes.read(call=said.call, adviser=said.adviser)
        if stands is None or stands.version < said.version:
            await self._outcomes.write(said, at_ms=self._clock.now_ms())
            stands = said
        self._durable[said.adviser] = stands
        return stands

    async def read(self, *, call: CallId, adviser: AdviserId) -> Outcome:
        """Return what is saved; while that cannot be read, what was known before."""
        try:
            saved = await self._outcomes.read(call=call, adviser=adviser)
        except Outage:
            return self.known(call, adviser)
        if saved is not None:
            self._durable[adviser] = saved
        return self.known(call, adviser)

    def known(self, call: CallId, adviser: AdviserId) -> Outcome:
        """Return what this process knows to be saved, without asking."""
        nothing = Outcome(call=call, adviser=adviser, outcome=None, notes="", version=0)
        return self._known(call, adviser) or nothing

    def _known(self, call: CallId, adviser: AdviserId) -> Outcome | None:
        kept = self._durable.get(adviser)
        return kept if kept is not None and kept.call == call else None

    def forget(self, adviser: AdviserId) -> None:
        """Let go of the words of an adviser who has gone home."""
        self._durable.pop(adviser, None)
