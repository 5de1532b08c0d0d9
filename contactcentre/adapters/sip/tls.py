"""SIP over TLS: the certificate that we show, those that we ask for, and who may come to see ours.

A certificate that has been renewed is shown from the next connection on; those that stand, and the
calls on them, go on with the old one.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import structlog

from contactcentre.adapters.sip.messages import MESSAGE_MAX_BYTES
from contactcentre.domain.errors import BadRequest

log = structlog.get_logger()

LOOK_EVERY_S = 10
HANDSHAKE_MAX_S = 5
HANDSHAKES_MAX = 64
"""So many peers may be about to prove who they are at once."""
REST_S = 0.2
"""After a connection that could not be taken, as there were no more files to open."""
BACKLOG = 128
Accepted = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where certificates are, as PEM."""

    certificate: Path
    """Ours, and behind it those that lead to an authority."""
    key: Path
    authorities: Path | None
    """Who signs our trunks' certificates; none: trunks are not asked for one."""


class TlsKeys:
    """What connections are encrypted with, as it stands in the files now."""

    def __init__(self, files: TlsFiles) -> None:
        """Read the files. Raises BadRequest."""
        self._files = files
        self._read_at = _changed_at(files)
        self.serving, self.calling = _contexts(files)
        """For connections that trunks make, and for those that we make."""

    async def watch(self) -> None:
        """Look whether the certificate was renewed, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look_again()

    async def look_again(self) -> None:
        """Read the files again if they have changed; what cannot be used changes nothing."""
        changed_at = await asyncio.to_thread(_changed_at, self._files)
        if changed_at == self._read_at:
            return
        self._read_at = changed_at
        try:
            self.serving, self.calling = await asyncio.to_thread(_contexts, self._files)
        except BadRequest as error:
            log.warning("the new SIP certificate cannot be used, the old one is", why=str(error))
        else:
            log.info("a new SIP certificate is used")


class TlsListener:
    """Takes encrypted connections from those addresses that may come."""

    def __init__(self, keys: TlsKeys, may_come: Callable[[str], bool], accepted: Accepted) -> None:
        self._keys = keys
        self._may_come = may_come
        self._accepted = accepted
        self._socket: socket.socket | None = None

    def open(self, host: str, port: int) -> None:
        """Listen. Raises OSError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_STREAM)
        opened.settimeout(0)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind((host, port))
            opened.listen(BACKLOG)
        except OSError:
            opened.close()
            raise
        self._socket = opened

    async def run(self) -> None:
        """Take connections until cancelled; a stranger's is closed before it costs anything."""
        assert self._socket is not None, "it listens"
        loop = asyncio.get_running_loop()
        greeting: set[asyncio.Task[None]] = set()
        try:
            while True:
                try:
                    opened, address = await loop.sock_accept(self._socket)
                except OSError:
                    await asyncio.sleep(REST_S)
                    continue
                if len(greeting) >= HANDSHAKES_MAX or not self._may_come(address[0]):
                    opened.close()
                    continue
                task = loop.create_task(self._greet(opened), name=f"sip hello {address[0]}")
                greeting.add(task)
                task.add_done_callback(greeting.discard)
        finally:
            self._socket.close()
            for task in greeting:
                task.cancel()

    async def _greet(self, opened: socket.socket) -> None:
        """Shake hands, and pass the connection on."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=MESSAGE_MAX_BYTES, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol,
                opened,
                ssl=self._keys.serving,
                ssl_handshake_timeout=HANDSHAKE_MAX_S,
            )
        except OSError as error:
            log.info("a SIP peer could not agree on TLS with us", why=str(error))
            opened.close()
            return
        self._accepted(reader, asyncio.StreamWriter(transport, protocol, reader, loop))


def names_of(certificate: Mapping[str, Any]) -> frozenset[str]:
    """Return whom a certificate is for: domains and addresses, in small letters.

    By RFC 5922, section 7.1: where it names SIP domains, names of machines do not count; only one
    without any other name is known by its common name. A star stands for nothing (section 7.2).
    """
    said: dict[str, set[str]] = {}
    for kind, name in certificate.get("subjectAltName", ()):
        said.setdefault(kind, set()).add(name.lower())
    domains = {
        uri.removeprefix("sip:").partition(";")[0]
        for uri in said.get("URI", ())
        if uri.startswith("sip:") and "@" not in uri
    }
    addresses = {_plain(address) for address in said.get("IP Address", ())}
    if said:
        return frozenset((domains or said.get("DNS", set())) | addresses)
    subject = (pair for pairs in certificate.get("subject", ()) for pair in pairs)
    return frozenset(name.lower() for kind, name in subject if kind == "commonName")


def check_name(certificate: Mapping[str, Any], wanted: Collection[str]) -> None:
    """Raise WrongName if a certificate is for none of those who are wanted."""
    named = names_of(certificate)
    if not any(_plain(one) in named for one in wanted):
        raise WrongName(
            f"its certificate is for {', '.join(sorted(named)) or 'nobody'}, "
            f"and not for {' or '.join(wanted)}"
        )


def _plain(name: str) -> str:
    """Return a name, or an address, as it is compared."""
    try:
        return str(ip_address(name.strip()))
    except ValueError:
        return name.lower()


class WrongName(OSError):
    """Whoever is there shows somebody else's certificate."""


def _contexts(files: TlsFiles) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return how we serve and how we call. Raises BadRequest."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    calling = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    calling.check_hostname = False  # the name is looked at by `check_name`, which knows SIP's rules
    for context in (serving, calling):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(files.certificate, files.key, password="")
        except (OSError, ValueError) as error:
            raise BadRequest(
                f"{files.certificate} and {files.key} are no certificate with its key ({error}). "
                "CC_SIP_TLS_CERT and CC_SIP_TLS_KEY name PEM files, the key without a password."
            ) from error
    if files.authorities is None:
        calling.load_default_certs()
        return serving, calling
    for context in (serving, calling):
        try:
            context.load_verify_locations(files.authorities)
        except OSError as error:
            raise BadRequest(
                f"{files.authorities} names no authority ({error}): CC_SIP_TLS_CA is a PEM file of "
                "whoever signs your trunks' certificates."
            ) from error
    serving.verify_mode = ssl.CERT_REQUIRED
    return serving, calling


def _changed_at(files: TlsFiles) -> list[int]:
    """Return when the files were last written; 0 for one that is not there."""
    named = (files.certificate, files.key, files.authorities)
    return [path.stat().st_mtime_ns if path and path.exists() else 0 for path in named]
