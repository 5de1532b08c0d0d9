"""Whom an adviser asks about a caller, for tests of the stages."""

from contactcentre.domain.errors import OutOfOrder
from contactcentre.domain.ids import AdviserId, OutsideName, QueueId
from contactcentre.ports.live import Offered


class StagedAsking:
    """A consultation that remembers what was asked, and with somebody if the test says so."""

    def __init__(self) -> None:
        self.other: Offered | None = None
        self.is_outside = self.is_handing_over = self.is_handed = self.is_bound = False
        self.asked: list[object] = []

    def ask(self, queue: QueueId | None, adviser: AdviserId | None) -> None:
        """Remember it."""
        self.asked.append(adviser or queue)

    def ask_outside(self, name: OutsideName, *, hands_over: bool) -> None:
        """Remember it."""
        self.asked.append((name, hands_over))

    def check_loose(self) -> None:
        """Refuse, if the test says so."""
        if self.is_bound:
            raise OutOfOrder("The caller is being handed on.")

    async def is_handed_over(self) -> bool:
        """Say what the test says."""
        return self.is_handed

    def leave_outside(self) -> None:
        """Remember it."""
        self.asked.append("leave outside")

    def merge(self) -> None:
        """Remember it, or refuse as there is nobody."""
        if self.other is None:
            raise OutOfOrder("Nobody else is there yet.")
        self.asked.append("merge")

    def drop(self) -> None:
        """Remember it."""
        self.asked.append("drop")
