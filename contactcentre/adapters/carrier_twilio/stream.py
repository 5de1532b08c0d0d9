"""What Twilio and a node say to one another over the socket of a call's sound (Media Streams).

Twilio says `connected`, then `start`, then sound 50 times a second, keys and echoes of marks, and
`stop`. We say sound, marks, which come back once what was said before them has been heard, and
`clear`, which drops what Twilio has not played yet. Sound is G.711 µ-law in base64.
"""

import binascii
from base64 import b64decode, b64encode
from typing import Annotated, Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contactcentre.adapters.carrier_twilio.asked import AccountSid, CallSid
from contactcentre.domain.errors import BadRequest

MESSAGE_MAX_BYTES = 16_384
SOUND_MAX_BYTES = 1_600
"""200 ms; Twilio sends 20."""
SUBPROTOCOL = "audio.twilio.com"
ENCODING, RATE_HZ, CHANNELS = "audio/x-mulaw", 8_000, 1


class TwilioSays(BaseModel):
    """Something of which we read what we use."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Connected(TwilioSays):
    """The socket stands."""

    event: Literal["connected"]


class Format(TwilioSays):
    """How sound is encoded."""

    encoding: Literal["audio/x-mulaw"]
    rate_hz: Literal[8_000] = Field(alias="sampleRate")
    channels: Literal[1]


class StartFacts(TwilioSays):
    """Whose sound it is."""

    account_sid: AccountSid = Field(alias="accountSid")
    call_sid: CallSid = Field(alias="callSid")
    parameters: dict[str, str] = Field(default_factory=dict, alias="customParameters")
    format: Format = Field(alias="mediaFormat")


class Start(TwilioSays):
    """The sound of a call begins."""

    event: Literal["start"]
    stream_sid: Annotated[str, Field(alias="streamSid", pattern=r"^MZ[0-9a-f]{32}$")]
    start: StartFacts


class KeyFacts(TwilioSays):
    """Which key."""

    digit: Annotated[str, Field(max_length=1)]


class Key(TwilioSays):
    """The caller has pressed a key."""

    event: Literal["dtmf"]
    dtmf: KeyFacts


class MarkFacts(TwilioSays):
    """Which mark."""

    name: Annotated[str, Field(max_length=64)]


class Mark(TwilioSays):
    """What was said before this mark of ours has been heard, or cleared."""

    event: Literal["mark"]
    mark: MarkFacts


class Stop(TwilioSays):
    """The sound has ended: the caller has hung up, or the call was told to do something else."""

    event: Literal["stop"]


class Sound(NamedTuple):
    """A piece of what the caller says: a plain tuple for the busiest path."""

    number: int
    """1 for the first."""
    at_ms: int
    """When it was said, from the start of the stream on."""
    samples: bytes
    """G.711 µ-law."""


Message = Connected | Start | Sound | Key | Mark | Stop

_OTHERS: TypeAdapter[Connected | Start | Key | Mark | Stop] = TypeAdapter(
    Annotated[Connected | Start | Key | Mark | Stop, Field(discriminator="event")]
)


def read_message(text: bytes) -> Message:
    """Return what Twilio has said. Raises BadRequest."""
    try:
        said = orjson.loads(text)
        if isinstance(said, dict) and said.get("event") == "media":
            return _sound(said["media"])
        return _OTHERS.validate_python(said)
    except (ValueError, KeyError, TypeError, ValidationError, binascii.Error) as error:
        raise BadRequest("That is no message of a call's sound.") from error


def _sound(media: dict[str, str]) -> Sound:
    """Return a piece of sound: there are so many that they are taken apart by hand."""
    samples = b64decode(media["payload"], validate=True)
    number, at_ms = int(media["chunk"]), int(media["timestamp"])
    if not (0 < len(samples) <= SOUND_MAX_BYTES and number >= 0 and at_ms >= 0):
        raise ValueError("no sound of any caller")
    return Sound(number, at_ms, samples)


class Says:
    """What we say on one stream, as text in UTF-8."""

    def __init__(self, stream_sid: str) -> None:
        stream = f'"streamSid":"{stream_sid}"'
        self._sound = f'{{"event":"media",{stream},"media":{{"payload":"'.encode()
        self._mark = f'{{"event":"mark",{stream},"mark":{{"name":"'.encode()
        self.clear = f'{{"event":"clear",{stream}}}'.encode()

    def sound(self, samples: bytes) -> bytes:
        """Return some sound for the caller, in G.711 µ-law."""
        return b'%b%b"}}' % (self._sound, b64encode(samples))

    def mark(self, name: str) -> bytes:
        """Return a mark; the name is one of ours."""
        return b'%b%b"}}' % (self._mark, name.encode())
