"""Which messages are the first of a call, and may therefore be turned away unread."""

import pytest

from contactcentre.adapters.sip.turned_away import begins_call

MESSAGE = (
    "{method} sip:tax@192.0.2.2 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n"
    "From: <sip:caller@192.0.2.1>;tag=a\r\n"
    "{to}: Tax <sip:tax@192.0.2.2>{tag}\r\n"
    "Call-ID: one\r\n"
    "CSeq: 1 {method}\r\n\r\n"
)


@pytest.mark.parametrize(
    ("method", "to", "tag", "begins"),
    [
        ("INVITE", "To", "", True),
        ("INVITE", "t", "", True),
        ("INVITE", "To", ";tag=b", False),
        ("INVITE", "TO", ";TAG=b", False),
        ("BYE", "To", ";tag=b", False),
        ("ACK", "To", ";tag=b", False),
        ("OPTIONS", "To", "", False),
    ],
)
def test_an_invite_outside_a_call_begins_one(
    method: str, to: str, tag: str, *, begins: bool
) -> None:
    assert begins_call(MESSAGE.format(method=method, to=to, tag=tag).encode()) is begins
