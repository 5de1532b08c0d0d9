"""The headers under which browsers show our staff's pages: what these may load and where from.

A page may open sockets to any host: nodes come and go while it is open, and each of them is only
listened to after it has taken a signed ticket. Nothing else may be loaded from anywhere but here.
"""

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web


def strict_headers(*, https: bool) -> Mapping[str, str]:
    """Return the headers of every response."""
    sockets = "wss:" if https else "ws: wss:"
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        f"connect-src 'self' {sockets}",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
    headers = {
        "Content-Security-Policy": "; ".join(policy),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return MappingProxyType(headers)


def put_headers_on(app: web.Application, *, https: bool) -> None:
    """Let every response of an application carry the headers."""
    headers = strict_headers(https=https)

    async def add(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(headers)

    app.on_response_prepare.append(add)
