"""Whether a request is Twilio's: it signs each with the account's secret.

What is signed is the address as Twilio was told it, so that the address is ours from the settings
and never what a request says of itself. While the secret is changed, both are good.
"""

from collections.abc import Mapping, Sequence

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

SIGNATURE_HEADER = "X-Twilio-Signature"


class TwilioSignatures:
    """The secrets that Twilio may sign with."""

    def __init__(self, auth_tokens: Sequence[str]) -> None:
        self._validators = [RequestValidator(token) for token in auth_tokens]

    def proves(self, url: str, said: Mapping[str, str], signature: str | None) -> bool:
        """Say whether Twilio has asked for an address with these parameters."""
        if signature is None:
            return False
        return any(one.validate(url, said, signature) for one in self._validators)
