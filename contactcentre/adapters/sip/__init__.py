"""Telephone calls from trunks: SIP as RFC 3261 has it, as far as a called side needs it."""
