"""Texts with a link to the telephones of a node's callers, over Twilio.

Who rings over Twilio is asked of it while the caller listens to the menu; a trunk says so itself.
Whether that telephone takes texts is asked once the caller comes to the offer of one: that costs
money. Both are forgotten with the menu:
a number is in no store and no log. What is stored is
which step of which call has had its text, so that nobody gets one twice, and under a digest how
many texts a number has had.
"""

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from hashlib import sha256

import structlog

from contactcentre.adapters.carrier_twilio.asked import sid_of
from contactcentre.adapters.carrier_twilio.rest import TextRefused, TwilioRest
from contactcentre.adapters.carrier_twilio.text_rules import TextRules, read_text_rules
from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.telemetry.phone_metrics import count_text
from contactcentre.apps.twilio_door import TEXT_PATH, public_address
from contactcentre.domain.errors import BadRequest, Outage, Refusal, StateUnavailable
from contactcentre.domain.ids import CallId, SoundName, StepName
from contactcentre.domain.languages import Language
from contactcentre.ports.texts import NumberOf, TextMark, TextMarks
from contactcentre.settings import Settings

log = structlog.get_logger()

OFFER_WITHIN_MS = 1_200
"""A caller who has come to the offer waits for no answer of Twilio's for longer than this."""
EXPECTED_MAX = 2_000
"""Callers in the menus of one node, and more than it ever has."""
KINDS_KEPT_MAX = 10_000
TAKE_TEXTS = frozenset({"mobile", "personal"})
"""Kinds of lines, as Twilio calls them."""

Spawn = Callable[[Coroutine[None, None, None], str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextGround:
    """What texts stand on."""

    rest: TwilioRest
    marks: TextMarks
    rules: TextRules
    words: Mapping[Language, Mapping[SoundName, str]]
    status_url: str
    secret: bytes
    """Of the whole centre: digests of numbers are made with it."""


class TwilioTexts:
    """Texts to this node's callers (ports.texts.Texts)."""

    def __init__(self, ground: TextGround, spawn: Spawn, number_of: NumberOf) -> None:
        self._ground = ground
        self._spawn = spawn
        self._number_of = number_of
        self._numbers: dict[CallId, asyncio.Future[str | None]] = {}
        """Of each caller in a menu: the number, None if it may get no texts."""
        self._kinds: OrderedDict[str, str] = OrderedDict()
        """What kind of line a number is, under its digest."""

    def expect(self, call: CallId) -> None:
        """Begin to find out from where a caller rings."""
        call_sid, shown = sid_of(call), self._number_of(call)
        is_anybodys = call_sid is None and shown is None
        if is_anybodys or call in self._numbers or len(self._numbers) >= EXPECTED_MAX:
            return
        found: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._numbers[call] = found
        if call_sid is None:
            found.set_result(self._allowed(shown))
        else:
            self._spawn(self._find(call_sid, found), "where a caller rings from")

    def forget(self, call: CallId) -> None:
        """Keep nothing of a caller any longer."""
        self._numbers.pop(call, None)

    async def may_text(self, call: CallId) -> bool:
        """Say whether a text may be offered; False where that cannot be found out in time."""
        found = self._numbers.get(call)
        if found is None:
            return False
        try:
            async with asyncio.timeout(OFFER_WITHIN_MS / 1_000):
                number = await asyncio.shield(found)
                return number is not None and await self._takes_texts(number)
        except TimeoutError:
            count_text("not-known-in-time")
        except (Refusal, Outage) as error:
            count_text(f"look-up-{error.code}")
        return False

    async def text(
        self, call: CallId, step: StepName, *, language: Language, text: SoundName, link: SoundName
    ) -> bool:
        """Send a step's text; say whether it is on its way, from now or from before."""
        found = self._numbers.get(call)
        number = found.result() if found is not None and found.done() else None
        if number is None:
            return False
        words = self._ground.words[language]
        body = words[text].replace("{link}", f"https://{words[link]}")
        outcome = await self._text(call, step, number, body)
        count_text(outcome)
        log.info("a link was to be texted", call=call, step=step, outcome=outcome)
        return outcome == TextMark.SENT

    async def _text(self, call: CallId, step: StepName, number: str, body: str) -> str:
        """Send a text if it may be sent; return what became of it."""
        ground = self._ground
        try:
            mark = await ground.marks.take_text(
                call,
                step,
                number=self._digest(number),
                number_max=ground.rules.per_number_a_day,
                minute_max=ground.rules.per_minute,
            )
        except StateUnavailable as outage:
            return outage.code
        if mark is not TextMark.TAKEN:
            return mark
        try:
            await ground.rest.text(
                to=number, body=body, sender=ground.rules.sender, status_url=ground.status_url
            )
        except TextRefused:
            with suppress(StateUnavailable):
                await ground.marks.settle_text(call, step, is_sent=False)
            return "refused"
        except Outage:
            return TextMark.UNSURE
        with suppress(StateUnavailable):  # then it counts as tried, which is not tried again either
            await ground.marks.settle_text(call, step, is_sent=True)
        return TextMark.SENT

    async def _find(self, call_sid: str, found: asyncio.Future[str | None]) -> None:
        """Find out a caller's number, if it may get any texts."""
        number = None
        try:
            number = await self._ground.rest.caller(call_sid)
        except (Refusal, Outage) as error:
            count_text(f"look-up-{error.code}")
        finally:
            found.set_result(self._allowed(number))

    def _allowed(self, number: str | None) -> str | None:
        """Return a number if it may get any texts."""
        return number if number is not None and self._ground.rules.allow(number) else None

    async def _takes_texts(self, number: str) -> bool:
        """Say whether a number may have one more text, and is of a line that takes them.

        Raises CallClosed, CarrierUnavailable, StateUnavailable.
        """
        ground, digest = self._ground, self._digest(number)
        kind = self._kinds.get(digest)
        mark = await ground.marks.may_text(
            digest,
            number_max=ground.rules.per_number_a_day,
            minute_max=ground.rules.per_minute,
            is_paid=kind is None,
        )
        if mark is not TextMark.OPEN:
            count_text(mark)
            return False
        if kind is None:
            kind = await ground.rest.kind_of_line(number)
        self._keep_kind(digest, kind)
        return kind in TAKE_TEXTS

    def _keep_kind(self, digest: str, kind: str) -> None:
        self._kinds[digest] = kind
        self._kinds.move_to_end(digest)
        if len(self._kinds) > KINDS_KEPT_MAX:
            self._kinds.popitem(last=False)

    def _digest(self, number: str) -> str:
        return hmac.new(self._ground.secret, f"text {number}".encode(), sha256).hexdigest()[:32]


async def texting(
    settings: Settings,
    stack: AsyncExitStack,
    marks: TextMarks,
    words: Mapping[Language, Mapping[SoundName, str]],
) -> Callable[[Spawn, NumberOf], TwilioTexts] | None:
    """Return how callers are texted; None if the settings say nothing of it. Raises BadRequest."""
    if settings.texts is None:
        return None
    account = settings.twilio_account()
    if account is None:
        raise BadRequest("CC_TEXTS is set, but not CC_TWILIO_ACCOUNT_SID: texts go over Twilio.")
    account_sid, auth_tokens = account
    rest = TwilioRest(
        account_sid=account_sid,
        auth_token=auth_tokens[0],
        api_url=settings.twilio_api_url,
        clock=MachineClock(),
        chance=MachineChance(),
    )
    ground = TextGround(
        rest=await stack.enter_async_context(rest),
        marks=marks,
        rules=read_text_rules(settings.texts),
        words=words,
        status_url=f"{public_address(settings)}{TEXT_PATH}",
        secret=settings.cluster_key.get_secret_value().encode(),
    )
    return lambda spawn, number_of: TwilioTexts(ground, spawn, number_of)
