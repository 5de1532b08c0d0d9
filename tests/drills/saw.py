"""Histories written by hand: what people would have seen, in a few words."""

from dataclasses import asdict

from contactcentre.drills import history as h
from contactcentre.drills.checker import Row, check
from contactcentre.drills.history import Fact, History

GENERAL = "tax.general.en"


class Saw:
    """Writes a history down, fact by fact."""

    def __init__(self) -> None:
        self.history = History()
        self.calls: list[str] = []

    def note(self, *facts: Fact) -> None:
        """Write facts down."""
        for fact in facts:
            self.history.note(fact)

    def comes(
        self, call: str, at_ms: int, *, place: int | None = None, dialled_ms: int | None = None
    ) -> None:
        """Let a caller come and, with a place, wait at once."""
        self.calls.append(call)
        self.note(
            h.CallerCame(
                at_ms=at_ms, call=call, dialled_ms=at_ms if dialled_ms is None else dialled_ms
            ),
            h.SoundCame(at_ms=at_ms, call=call),
            h.StageHeard(at_ms=at_ms, call=call, state="in_menu"),
        )
        if place is not None:
            self.note(
                h.ClaimSeen(at_ms=at_ms, call=call, queue=GENERAL, enqueued_ms=place),
                h.StageHeard(at_ms=at_ms, call=call, state="waiting"),
            )

    def rings(self, call: str, adviser: str, at_ms: int, *, token: int) -> None:
        """Let a caller ring at an adviser."""
        self.note(
            h.RingHeard(at_ms=at_ms, adviser=adviser, call=call, token=token, queue=GENERAL),
            h.AdviserLegUp(at_ms=at_ms, adviser=adviser, call=call, token=token),
            h.StageHeard(at_ms=at_ms, call=call, state="ringing"),
        )

    def talks(self, call: str, adviser: str, at_ms: int, *, token: int) -> None:
        """Let caller and adviser talk."""
        self.note(
            h.Bridged(at_ms=at_ms, adviser=adviser, call=call, token=token),
            h.StageHeard(at_ms=at_ms, call=call, state="talking"),
            h.VoiceHeard(at_ms=at_ms, call=call, on=True),
            h.CallerVoiceHeard(at_ms=at_ms, adviser=adviser, call=call, token=token, on=True),
        )

    def ends(self, call: str, adviser: str, at_ms: int, *, token: int) -> None:
        """Let the adviser end the talk, and be ready again."""
        self.note(
            h.AdviserHungUp(at_ms=at_ms, adviser=adviser, call=call, token=token),
            h.StageHeard(at_ms=at_ms, call=call, state="ended"),
            h.AdviserLegOver(at_ms=at_ms, adviser=adviser, call=call, token=token),
            h.CallerGone(at_ms=at_ms, call=call, why="over", said="handled"),
        )
        self.stands(adviser, "wrap_up", at_ms)
        self.stands(adviser, "ready", at_ms + 100)

    def is_served(self, call: str, adviser: str, at_ms: int, *, token: int) -> None:
        """Let a caller be rung, talk and end, each a second after the other."""
        self.rings(call, adviser, at_ms, token=token)
        self.talks(call, adviser, at_ms + 1_000, token=token)
        self.ends(call, adviser, at_ms + 2_000, token=token)

    def stands(self, adviser: str, state: str, at_ms: int) -> None:
        """Let a desk say how its adviser stands."""
        self.note(h.PresenceHeard(at_ms=at_ms, adviser=adviser, state=state, reason=None))

    def leaves(self, call: str, at_ms: int) -> None:
        """Let a caller hang up."""
        self.note(
            h.CallerHungUp(at_ms=at_ms, call=call),
            h.CallerGone(at_ms=at_ms + 10, call=call, why="hung_up"),
        )

    def rows(self, *others: Row) -> list[Row]:
        """Return a record that says of every call that it was served, but for these."""
        said = {row.call for row in others}
        return [*(row(call) for call in self.calls if call not in said), *others]


def row(
    call: str,
    *,
    ending: str | None = "handled",
    state: str = "ended",
    ends_count: int = 1,
    own_ends_count: int = 1,
) -> Row:
    """Return what the record says of a call."""
    return Row(
        call=call,
        state=state,
        ending=ending,
        provisional=False,
        ends_count=ends_count,
        own_ends_count=own_ends_count,
    )


def found(saw: Saw, *rows: Row, started: int | None = None) -> dict[str, int]:
    """Return how much was found of what."""
    findings = check(saw.history, saw.rows(*rows), started=started or len(saw.calls))
    return {name: len(each) for name, each in asdict(findings).items() if each}
