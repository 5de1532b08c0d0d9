"""What Redis knows of the texts that callers were sent."""

from contactcentre.adapters.state_redis.blackboard import Blackboard
from contactcentre.adapters.state_redis.keys import TEXT_KEPT_S, TEXTS_KEPT_S
from contactcentre.domain.ids import CallId, StepName
from contactcentre.ports.texts import TextMark


class RedisTexts(Blackboard):
    """TextMarks in Redis."""

    async def may_text(
        self, number: str, *, number_max: int, minute_max: int, is_paid: bool
    ) -> TextMark:
        """Say whether a number may be texted, and count the look-up if one is to be paid for."""
        match await self.run(
            "may_text",
            keys={"texted": self.keys.texted(number), "texts": self.keys.texts},
            argv={
                "number_max": number_max,
                "minute_max": minute_max,
                "is_paid": int(is_paid),
                "minute_kept_s": TEXTS_KEPT_S,
            },
        ):
            case [str(mark)]:
                return TextMark(mark)
            case reply:
                raise AssertionError(reply)

    async def take_text(
        self, call: CallId, step: StepName, *, number: str, number_max: int, minute_max: int
    ) -> TextMark:
        """Take the right to send a step's text; `number` is a digest of the caller's number."""
        match await self.run(
            "take_text",
            keys={
                "text": self.keys.text(call),
                "texted": self.keys.texted(number),
                "texts": self.keys.texts,
            },
            argv={
                "step": step,
                "number_max": number_max,
                "minute_max": minute_max,
                "kept_s": TEXT_KEPT_S,
                "minute_kept_s": TEXTS_KEPT_S,
            },
        ):
            case [str(mark)]:
                return TextMark(mark)
            case reply:
                raise AssertionError(reply)

    async def settle_text(self, call: CallId, step: StepName, *, is_sent: bool) -> None:
        """Say that the text was sent, or that it certainly was not."""
        await self.run(
            "settle_text",
            keys={"text": self.keys.text(call)},
            argv={"step": step, "is_sent": int(is_sent), "kept_s": TEXT_KEPT_S},
        )
