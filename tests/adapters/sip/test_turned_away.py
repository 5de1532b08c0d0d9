"""Which messages are of no call in progress, and are the first to be dropped when many wait."""

import pytest

from contactcentre.adapters.sip.turned_away import is_of_no_call

MESSAGE = (
    "{method} sip:tax@192.0.2.2 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1:5060{branch}\r\n"
    "From: <sip:caller@192.0.2.1>;tag=a\r\n"
    "{to}: Tax <sip:tax@192.0.2.2>{tag}\r\n"
    "Call-ID: one\r\n"
    "CSeq: 1 {method}\r\n\r\n"
)


@pytest.mark.parametrize("branch", [";branch=z9hG4bK1", ";branch=old", ""])
@pytest.mark.parametrize(
    ("method", "to", "tag", "is_outside"),
    [
        ("INVITE", "To", "", True),
        ("INVITE", "t", "", True),
        ("OPTIONS", "To", "", True),
        ("REGISTER", "To", "", True),
        ("INVITE", "To", ";tag=b", False),
        ("INVITE", "TO", ";TAG=b", False),
        ("OPTIONS", "To", ";tag=b", False),
        ("BYE", "To", ";tag=b", False),
        ("INFO", "t", ";tag=b", False),
        ("ACK", "To", ";tag=b", False),
        ("CANCEL", "To", "", False),
        ("INVITED", "To", "", False),
    ],
)
def test_what_is_asked_outside_a_call_is_told_from_what_is_said_in_one(
    method: str, to: str, tag: str, branch: str, *, is_outside: bool
) -> None:
    message = MESSAGE.format(method=method, to=to, tag=tag, branch=branch)
    assert is_of_no_call(message.encode()) is is_outside
