"""What sipp does as the phone that is rung: scenarios put together from what it hears and says."""

from collections.abc import Sequence

ACCOUNT, PASSWORD = "anytown", "quay"
SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=phone 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
"""
CHALLENGE = """WWW-Authenticate: Digest realm="quay.example", nonce="a1b2", qop="auth"
Content-Length: 0
"""


def scenario(*steps: str) -> str:
    """Return a scenario."""
    start = '<?xml version="1.0" encoding="UTF-8" ?>\n<scenario name="called">'
    return start + "".join(steps) + "\n</scenario>\n"


def hears(method: str) -> str:
    """Wait for a request."""
    return f'\n<recv request="{method}"/>'


def hears_proof() -> str:
    """Wait for the INVITE that knows the password, and for no other."""
    return f"""
<recv request="INVITE"><action>
  <verifyauth assign_to="ok" username="{ACCOUNT}" password="{PASSWORD}"/>
</action></recv>
<nop hide="true" test="ok" next="known"/>
{says("403 Forbidden")}
<label id="known"/>"""


def says(status: str, *, more: str = "Content-Length: 0\n", cseq: str = "[last_CSeq:]") -> str:
    """Answer what was heard last."""
    lines = [
        f"SIP/2.0 {status}",
        "[last_Via:]",
        "[last_From:]",
        "[last_To:];tag=[call_number]phone",
        "[last_Call-ID:]",
        cseq,
        "Contact: <sip:phone@[local_ip]:[local_port];transport=[transport]>",
    ]
    repeats = ' retrans="500"' if status.startswith("200") and "sdp" in more else ""
    return f"\n<send{repeats}><![CDATA[\n\n" + "\n".join(lines) + f"\n{more}\n]]></send>"


def waits(span_ms: int) -> str:
    """Do nothing for a while."""
    return f'\n<pause milliseconds="{span_ms}"/>'


ANSWERS: Sequence[str] = (says("200 OK", more=SDP), hears("ACK"))
IS_HUNG_UP: Sequence[str] = (hears("BYE"), says("200 OK"))
CALLED = {
    "rings and answers": scenario(hears("INVITE"), says("180 Ringing"), *ANSWERS, *IS_HUNG_UP),
    "asks for a password": scenario(
        hears("INVITE"),
        says("401 Unauthorized", more=CHALLENGE),
        hears("ACK"),
        hears_proof(),
        says("180 Ringing"),
        *ANSWERS,
        *IS_HUNG_UP,
    ),
    "is slow": scenario(
        hears("INVITE"),
        says("100 Trying"),
        waits(900),
        says("183 Session Progress", more=SDP),
        waits(300),
        *ANSWERS,
        *IS_HUNG_UP,
    ),
    "is busy": scenario(hears("INVITE"), says("486 Busy Here"), hears("ACK")),
    "does not answer": scenario(
        hears("INVITE"),
        says("180 Ringing"),
        hears("CANCEL"),
        says("200 OK"),
        says("487 Request Terminated", cseq="CSeq: 1 INVITE"),
        hears("ACK"),
    ),
}
