"""A supervisor's end of a talk: one browser, its leg, and how the supervisor is there."""

from collections.abc import Callable, Coroutine

from pydantic import BaseModel

from contactcentre.apps.adviser_part import Browser
from contactcentre.domain.events import SupervisorMode
from contactcentre.domain.ids import AdviserId, LegId
from contactcentre.domain.room import Role, Seat
from contactcentre.ports.media import LegConnected, LegEvent, LegGone, Media
from contactcentre.wire.closing import Closing
from contactcentre.wire.legs import Over
from contactcentre.wire.staff import Supervising


class SupervisorPart:
    """One attachment of a supervisor's browser to a talk."""

    def __init__(
        self,
        *,
        supervisor: AdviserId,
        leg: LegId,
        browser: Browser,
        media: Media,
        spawn: Callable[[Coroutine[None, None, None], str], None],
    ) -> None:
        self.supervisor = supervisor
        self.leg = leg
        self.mode: SupervisorMode | None = None
        """None until it is written down that the supervisor is there."""
        self.is_noted = False
        """It has been written down, though perhaps not durably, that the supervisor is there."""
        self.is_connected = False
        self.is_over = False
        self.settle: Callable[[], None] = lambda: None
        """Called when the sound has come; set by whoever seats it."""
        self._browser = browser
        self._media = media
        self._spawn = spawn

    @property
    def seat(self) -> Seat:
        """Return where the supervisor sits, hearing as the mode says."""
        mode = self.mode if self.is_connected else None
        return Seat(leg=self.leg, role=Role.SUPERVISOR, mode=mode)

    def heard(self, event: LegEvent) -> None:
        """Take what the media says of the leg; a supervisor who only listens sends nothing."""
        match event:
            case LegConnected():
                self.is_connected = True
                self.settle()
            case LegGone():
                self.leave(Closing.LOST)  # the page may come again
            case _:
                pass

    def send(self, said: BaseModel) -> None:
        """Say something to the browser."""
        self._browser.send(said)

    def turn(self, mode: SupervisorMode) -> None:
        """Be there in another way, and say so."""
        self.mode = mode
        self.send(Supervising(mode=mode))

    def end(self) -> None:
        """Tell the browser that the talk is over, or not here any longer."""
        self.send(Over(ending=None, lapse=None, words=""))
        self.leave(Closing.DONE)

    def leave(self, why: Closing) -> None:
        """Close socket and leg, once."""
        if not self.is_over:
            self.is_over = True
            self._browser.close(why)
            self._spawn(self._media.close(self.leg), "supervisor leg closing")
