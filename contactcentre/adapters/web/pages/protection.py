"""What a browser is told to refuse on behalf of the caller's pages."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)

POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    "media-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)


def content_security_policy(nodes: Iterable[str]) -> str:
    """Return the policy of a page that may open sockets to these nodes, and to nothing else.

    A node that restarts may come back on another port of its machine, and a page may stay open for
    longer than that: so it is the machine that is allowed, whatever its port.
    """
    machines = sorted({machine for node in nodes if (machine := _machine(node)) is not None})
    return "; ".join((*POLICY, " ".join(("connect-src 'self'", *machines))))


def _machine(node: str) -> str | None:
    """Return a node's machine as a policy names it; None if the address could say anything else."""
    parts = urlsplit(node)
    host = parts.hostname
    if parts.scheme not in {"ws", "wss"} or not host:
        return None
    if not all(letter.isalnum() or letter in ".-:" for letter in host):
        return None
    return f"{parts.scheme}://[{host}]:*" if ":" in host else f"{parts.scheme}://{host}:*"
