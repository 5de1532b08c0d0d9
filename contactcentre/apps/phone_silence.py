"""When a phone is to be asked whether it is still there: nothing has been heard of it for a while.

Silence alone says nothing: many phones send no sound while nobody speaks.
"""

from contactcentre.ports.media import LegQuality

LOOK_EVERY_MS = 5_000
ASK_EVERY_LOOKS = 3
"""A phone from which nothing is heard is asked every 15 s whether it is there."""


class PhoneSilence:
    """One phone, as it is looked at every `LOOK_EVERY_MS`."""

    def __init__(self) -> None:
        self._looks = 0
        self._received_count = 0

    def is_to_be_asked(self, quality: LegQuality | None) -> bool:
        """Look once; say whether the phone is to be asked now."""
        if quality is None or quality.received_count != self._received_count:
            self._looks = 0
            self._received_count = 0 if quality is None else quality.received_count
            return False
        self._looks += 1
        return self._looks % ASK_EVERY_LOOKS == 1
