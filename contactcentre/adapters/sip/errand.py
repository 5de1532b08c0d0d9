"""What a phone's side was asked to do, as the dialog sees it in which it was asked."""

from typing import Protocol

from contactcentre.adapters.sip.messages import Request


class Errand(Protocol):
    """What the phone was asked to do, as far as its dialog has to do with that."""

    def notified(self, request: Request) -> bool:
        """Take what the phone tells of it, and say if it was of that."""

    def left(self) -> bool:
        """Take the phone's goodbye, and say whether the dialog is ended by whoever asked."""
