"""What Twilio is told to do with a call, as TwiML."""

from collections.abc import Mapping

from twilio.twiml.voice_response import (  # type: ignore[import-untyped]
    Connect,
    Stream,
    VoiceResponse,
)

from contactcentre.domain.languages import Language

CONTENT_TYPE = "text/xml"
PASS_PARAMETER = "pass"  # noqa: S105 - the name of a parameter
PARAMETER_MAX_CHARS = 500
"""Name and value of a parameter of a stream together."""
VOICES: Mapping[Language, str] = {Language.ENGLISH: "Polly.Amy", Language.WELSH: "Polly.Gwyneth"}
TAGS: Mapping[Language, str] = {Language.ENGLISH: "en-GB", Language.WELSH: "cy-GB"}

assert VOICES.keys() == TAGS.keys() == set(Language), "every language has its voice"


def connect(*, stream_url: str, action_url: str, stream_pass: str) -> str:
    """Let the caller's sound flow to a node, and ask at `action_url` once it does no more."""
    assert len(PASS_PARAMETER) + len(stream_pass) < PARAMETER_MAX_CHARS, "Twilio takes no more"
    stream = Stream(url=stream_url)
    stream.parameter(name=PASS_PARAMETER, value=stream_pass)
    way = Connect(action=action_url, method="POST")
    way.append(stream)
    answer = VoiceResponse()
    answer.append(way)
    return str(answer)


def hang_up() -> str:
    """End the call."""
    answer = VoiceResponse()
    answer.hangup()
    return str(answer)


def refuse() -> str:
    """Let the number sound as one that is not in use."""
    answer = VoiceResponse()
    answer.reject(reason="rejected")
    return str(answer)


def nothing() -> str:
    """Say that there is nothing to do."""
    return str(VoiceResponse())


def apologise(said: Mapping[Language, str]) -> str:
    """Say some words in each language, and end the call."""
    answer = VoiceResponse()
    _say(answer, said)
    answer.hangup()
    return str(answer)


def hold(said: Mapping[Language, str], *, pause_s: int, again_url: str) -> str:
    """Say some words, wait, and ask again what to do."""
    answer = VoiceResponse()
    _say(answer, said)
    answer.pause(length=pause_s)
    answer.redirect(again_url, method="POST")
    return str(answer)


def _say(answer: VoiceResponse, said: Mapping[Language, str]) -> None:
    for language, words in said.items():
        answer.say(words, voice=VOICES[language], language=TAGS[language])
