"""A phone that we rang and that has answered, as its caller has it (ports.phones.Phone)."""

from contactcentre.apps.outside_call import OutsideCall
from contactcentre.domain.ids import CallId


class CalledPhone:
    """One such phone: all that comes before an answer is behind it."""

    def __init__(self, outside: OutsideCall) -> None:
        self._outside = outside

    def ring(self) -> None:
        """Let nothing ring: it has been answered."""

    def announce(self, sdp: str) -> None:
        """Let nothing be heard: sound flows already."""

    def answer(self, sdp: str, *, call: CallId) -> None:
        """Answer nothing: it is the phone that has answered."""

    def refuse(self, code: int, *, retry_after_s: int | None = None) -> None:  # noqa: ARG002 - a call that stands is ended by a goodbye
        """End the call."""
        self._outside.hang_up()

    def hang_up(self) -> None:
        """End the call."""
        self._outside.hang_up()

    def let_go(self) -> None:
        """Leave the dialog to another node."""
        self._outside.let_go()

    @property
    def facts(self) -> str | None:
        """Return what another node needs to go on with the dialog."""
        return self._outside.phone.facts

    async def refer(self, uri: str, *, by: str, within_s: float) -> int | None:  # noqa: ARG002 - as the port has it
        """Ask for nothing: whoever was rung is not handed on by the trunk."""
        return None

    async def is_there(self) -> bool:
        """Ask the phone whether it is still in the call."""
        return await self._outside.is_there()
