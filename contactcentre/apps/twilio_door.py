"""What Twilio asks of the public process: where a caller's sound goes, first and ever after.

Whatever is asked, and however often, is about one call by Twilio's own name for it: a request that
comes again, here or at the other site, begins no second call. What is not signed by Twilio for the
address in our settings is refused and counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web

from contactcentre.adapters.carrier_twilio import answers, words
from contactcentre.adapters.carrier_twilio.asked import Asked, CallAsked, TextAsked, read_asked
from contactcentre.adapters.carrier_twilio.signatures import SIGNATURE_HEADER, TwilioSignatures
from contactcentre.adapters.telemetry.metrics import count_offered
from contactcentre.adapters.telemetry.phone_metrics import count_text_status, count_twilio
from contactcentre.adapters.web.claims import Signatures
from contactcentre.apps.phone_ways import NoWay, PhoneWays, Way
from contactcentre.domain.errors import BadClaim, BadRequest, PeerUnavailable, Refusal
from contactcentre.domain.ids import CallId, LineId, NodeId
from contactcentre.domain.ivr.flow import Line, line_called
from contactcentre.domain.languages import Language
from contactcentre.limits import PHONE_CALL_MAX_S, STREAM_OPENS_WITHIN_S
from contactcentre.ports.environment import Chance, Clock
from contactcentre.settings import Settings
from contactcentre.wire.claims import PhonePass

log = structlog.get_logger()

VOICE_PATH = "/twilio/voice"
RESUME_PATH = "/twilio/resume"
SOON_ELSEWHERE = "#rc=1&rp=ct&ct=1000&rt=4000&tt=6000"
"""For Twilio alone: when it gives this address up and asks the other site, in milliseconds.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""
STATUS_PATH = "/twilio/status"
TEXT_PATH = "/twilio/text"
STREAM_SUFFIX = "/twilio"
"""Where Twilio opens a node's socket: behind the address of its leg socket."""
JUST_NOW_S = 5
"""A node that has twice lost a caller within this of being given it is not tried at once again."""
NEW_TRIES_MAX = 5
"""A call that so many nodes in turn have not taken in is refused."""
PAUSE_S = 3
PAUSES_MAX = 15
"""So often a caller of a call that has begun is asked to stay while no node is there."""
QUICK_TRIES_MAX = 3
"""Whom so many nodes in a row have lost at once is tried only every few seconds from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    """What Twilio and we know of one another."""

    sid: str
    tokens: Sequence[str]
    public_url: str
    """The address that Twilio is told, without a slash at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorTools:
    """What the door needs."""

    account: TwilioAccount
    proofs: TwilioSignatures
    organisation: str
    lines: Mapping[LineId, Line]
    ways: PhoneWays
    signatures: Signatures
    clock: Clock
    chance: Chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose sound is to go somewhere."""

    call: CallId
    line: LineId
    language: Language
    attempt: int
    lost: int = 0
    held: int = 0
    last: NodeId | None = None
    avoid: NodeId | None = None
    is_new: bool
    is_asked_first: bool = False
    """Twilio asks the other site if we cannot say where the sound goes."""


class TwilioDoor:
    """Answers Twilio."""

    def __init__(self, tools: DoorTools) -> None:
        self._tools = tools

    def routes(self) -> Sequence[web.RouteDef]:
        """Return what Twilio may ask."""
        return [
            web.post(VOICE_PATH, self._voice),
            web.post(RESUME_PATH, self._resume),
            web.post(STATUS_PATH, self._status),
            web.post(TEXT_PATH, self._text_status),
        ]

    async def _voice(self, request: web.Request) -> web.Response:
        """Say what to do with a call that rings, or whose first answer Twilio did not get.

        As the address to fall back to it is asked in the middle of calls as well.
        """
        asked = await self._proved(request, "voice", CallAsked)
        line = line_called(self._tools.lines, asked.called)
        if line is None:
            count_twilio("voice", "unknown-number")
            log.warning("a number was called that is none of any line", call=asked.call)
            return _twiml(answers.refuse())
        if asked.is_over:
            await self._tools.ways.left(asked.call)
            return self._told("voice", "over", answers.nothing())
        stands = await self._tools.ways.standing(asked.call)
        caller = Caller(
            call=asked.call,
            line=line.id,
            language=line.flow.languages[0],
            attempt=0 if asked.rings else 1,
            is_new=stands is None and asked.rings,
            is_asked_first=not asked.failed_url,
        )
        return await self._send(caller, "voice")

    async def _resume(self, request: web.Request) -> web.Response:
        """Say what to do with a call whose sound flows no more: it goes on, or has ended."""
        asked = await self._proved(request, "resume", CallAsked)
        given = self._pass_of(request, asked)
        if asked.is_over:
            await self._tools.ways.left(asked.call)
            return self._told("resume", "over", answers.nothing())
        just_now = self._tools.clock.now_ms() // 1_000 - given.given_s < JUST_NOW_S
        stands = await self._tools.ways.standing(asked.call)
        has_begun = given.begun or stands is not None or not just_now
        lost, is_new = given.lost + 1 if just_now else 0, not has_begun
        caller = Caller(
            call=given.call,
            line=given.line,
            language=given.language,
            attempt=given.attempt + 1,
            lost=lost,
            held=given.held,
            last=given.node,
            avoid=given.node if is_new or lost > 1 else None,
            is_new=is_new,
        )
        if lost > QUICK_TRIES_MAX and not is_new:
            return self._hold(caller, {})
        return await self._send(caller, "resume")

    async def _status(self, request: web.Request) -> web.Response:
        """Take note that a caller has gone, if nobody knew it yet; what else there is, is known."""
        asked = await self._proved(request, "status", CallAsked)
        is_known = not asked.is_over or await self._tools.ways.left(asked.call)
        count_twilio("status", "taken" if is_known else "unknown-call")
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _text_status(self, request: web.Request) -> web.Response:
        """Count what has become of a text."""
        asked = await self._proved(request, "text", TextAsked)
        count_twilio("text", "taken")
        count_text_status(asked.status)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _send(self, caller: Caller, asked: str) -> web.Response:
        """Send a caller's sound to a node."""
        ways = self._tools.ways
        if caller.is_new:
            way = await ways.for_new(caller.call, avoid=caller.avoid)
            if caller.attempt >= NEW_TRIES_MAX:
                way = NoWay.FULL
        else:
            way = await ways.for_known(caller.call, last=caller.last, avoid=caller.avoid)
        match way:
            case Way():
                return self._told(asked, "taken", self._connect(replace(caller, held=0), way))
            case NoWay.OVER:
                return self._told(asked, "over", answers.hang_up())
            case NoWay.DOWN if caller.is_asked_first and ways.is_one_of_several:
                count_twilio(asked, "elsewhere")
                raise PeerUnavailable("No node is seen from here, as one may be from elsewhere.")
            case NoWay.FULL | NoWay.DOWN if caller.is_new:
                return self._refuse(caller, asked, way)
            case _:
                return self._hold(caller, words.BACK)

    def _connect(self, caller: Caller, way: Way) -> str:
        opens = self._pass(caller, way.node, use="open")
        return answers.connect(
            stream_url=f"{way.leg_url}{STREAM_SUFFIX}",
            action_url=self._resume_url(caller, way.node),
            stream_pass=opens,
        )

    def _refuse(self, caller: Caller, asked: str, why: NoWay) -> web.Response:
        """Tell a caller honestly that nobody can take the call, and what else there is."""
        outcome = "full" if why is NoWay.FULL else "no-node"
        count_offered(caller.line, outcome)
        said = words.FULL if why is NoWay.FULL else words.DOWN
        return self._told(asked, outcome, answers.apologise(self._spoken(caller, said)))

    def _hold(self, caller: Caller, said: Mapping[Language, str]) -> web.Response:
        """Keep a caller on the line while there is no node to go on at."""
        if caller.held >= PAUSES_MAX:
            spoken = self._spoken(caller, words.LOST)
            return self._told("resume", "lost", answers.apologise(spoken))
        stays = replace(caller, lost=0, held=caller.held + 1)
        again = self._resume_url(stays, caller.last or NodeId("none"))
        held = answers.hold(self._spoken(caller, said), pause_s=PAUSE_S, again_url=again)
        return self._told("resume", "held", held)

    def _spoken(self, caller: Caller, said: Mapping[Language, str]) -> Mapping[Language, str]:
        """Return what is said: in a call that has begun in its language, before in each."""
        languages = self._tools.lines[caller.line].flow.languages
        site = urlsplit(self._tools.account.public_url).hostname or ""
        return {
            language: said[language].format(organisation=self._tools.organisation, site=site)
            for language in languages
            if language in said and (caller.is_new or language is caller.language)
        }

    def _resume_url(self, caller: Caller, node: NodeId) -> str:
        given = self._pass(caller, node, use="resume")
        return resume_url(self._tools.account.public_url, given)

    def _pass(self, caller: Caller, node: NodeId, *, use: str) -> str:
        lives_s = STREAM_OPENS_WITHIN_S if use == "open" else PHONE_CALL_MAX_S
        return self._tools.signatures.sign_pass(
            PhonePass(
                use="open" if use == "open" else "resume",
                call=caller.call,
                line=caller.line,
                language=caller.language,
                attempt=caller.attempt,
                lost=caller.lost,
                held=caller.held,
                begun=not caller.is_new,
                node=node,
                nonce=self._tools.chance.nonce(),
                exp=self._tools.clock.now_ms() // 1_000 + lives_s,
            )
        )

    def _pass_of(self, request: web.Request, asked: CallAsked) -> PhonePass:
        """Return the pass that we gave to Twilio with the address. Raises BadClaim."""
        try:
            return self._checked_pass(request.query.get("pass", ""), asked.call)
        except BadClaim as refusal:
            count_twilio("resume", refusal.code)
            log.warning("a call is not resumed", call=asked.call, why=str(refusal))
            raise

    def _checked_pass(self, text: str, call: CallId) -> PhonePass:
        given = self._tools.signatures.read_pass(text)
        if given.use != "resume" or given.call != call:
            raise BadClaim("This pass is for another call.")
        if given.line not in self._tools.lines:
            raise BadClaim("This pass is for a line that there is not.")
        return given

    async def _proved(self, request: web.Request, what: str, model: type[Asked]) -> Asked:
        """Return what Twilio says. Raises BadClaim for what is not Twilio's, BadRequest."""
        try:
            form = await request.post()
            return self._read(request, {name: str(value) for name, value in form.items()}, model)
        except Refusal as refusal:
            count_twilio(what, refusal.code)
            log.warning("a request in Twilio's name is refused", asked=what, why=refusal.code)
            raise
        except web.HTTPRequestEntityTooLarge:
            count_twilio(what, "too-long")
            raise

    def _read(self, request: web.Request, said: Mapping[str, str], model: type[Asked]) -> Asked:
        url = f"{self._tools.account.public_url}{request.raw_path}"
        if not self._tools.proofs.proves(url, said, request.headers.get(SIGNATURE_HEADER)):
            raise BadClaim("This is not signed by Twilio for the address in CC_PUBLIC_URL.")
        asked = read_asked(said, model)
        if asked.account_sid != self._tools.account.sid:
            raise BadClaim("This is about a call of another account.")
        return asked

    def _told(self, asked: str, outcome: str, twiml: str) -> web.Response:
        count_twilio(asked, outcome)
        return _twiml(twiml)


def resume_url(public_url: str, given: str) -> str:
    """Return where Twilio asks how a call goes on, with the pass that it was given."""
    return f"{public_url}{RESUME_PATH}?pass={quote(given)}{SOON_ELSEWHERE}"


def public_address(settings: Settings) -> str:
    """Return the address that Twilio is told, without a slash at its end. Raises BadRequest."""
    if settings.public_url is None:
        raise BadRequest("Set CC_PUBLIC_URL to the address that Twilio is told: it signs that.")
    return settings.public_url.rstrip("/")


def _twiml(said: str) -> web.Response:
    return web.Response(
        text=said, content_type=answers.CONTENT_TYPE, headers={"Cache-Control": "no-store"}
    )
