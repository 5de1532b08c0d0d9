"""The edge of `deploy/` as tests run it: Kamailio, with TLS and rtpengine where they are wanted."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from contactcentre.bench.sip_phone import PhoneCall, free_port
from tests.adapters.sip.entrance import LOOPBACK
from tests.adapters.sip.test_real_phones import running

RELAYED = range(24_000, 24_400)
"""The ports on which rtpengine takes sound."""
DEPLOYED = Path(__file__).parents[3] / "deploy" / "kamailio"


@asynccontextmanager
async def edge(
    cwd: Path, *nodes: int, tls: int | None = None, relay: int | None = None
) -> AsyncIterator[int]:
    """Run the edge of `deploy/` in front of some ports, and give its own.

    On the port `tls` it speaks TLS, with what tls.cfg names in `cwd`. Sound is relayed by the
    rtpengine that is told on the port `relay`.
    """
    port = free_port(LOOPBACK)
    listed = [
        f"{group} sip:{who}{LOOPBACK}:{one} 0 0"
        for group, who in ((1, ""), (2, "with-headroom@"))
        for one in nodes
    ]
    (cwd / "nodes.list").write_text("\n".join([*listed, ""]))
    (cwd / "trunks.list").write_text(f"1 {LOOPBACK} 32 0 north\n")
    files = [f'-A NODES_FILE="{cwd}/nodes.list"', f'-A TRUNKS_FILE="{cwd}/trunks.list"']
    listens = [f"-A LISTEN=udp:{LOOPBACK}:{port}", f"-A LISTEN_TCP=tcp:{LOOPBACK}:{port}"]
    if tls is not None:
        of_it = (DEPLOYED / "tls.cfg").read_text()
        (cwd / "tls.cfg").write_text(
            re.sub(r"= (\w+\.(?:pem|key))$", rf"= {cwd}/\1", of_it, flags=re.MULTILINE)
        )
        files += [f'-A TLS_FILE="{cwd}/tls.cfg"', "-A WITH_TLS"]
        listens.append(f"-A LISTEN_TLS=tls:{LOOPBACK}:{tls}")
    if relay is not None:
        files += [f'-A RTPENGINE="udp:{LOOPBACK}:{relay}"', "-A WITH_RTPENGINE"]
    said = [word for one in (*files, *listens) for word in one.split(" ", 1)]
    command = ["kamailio", "-f", str(DEPLOYED / "kamailio.cfg"), "-DD", "-E", "-m", "64", "-M", "8"]
    async with running(*command, "-Y", str(cwd), *said, cwd=cwd):
        yield port


@asynccontextmanager
async def rtpengine(cwd: Path) -> AsyncIterator[int]:
    """Run a relay of sound that needs nothing of the kernel, and give the port it is told on."""
    port = free_port(LOOPBACK)
    names = [word for name in ("carriers", "nodes") for word in ("-i", f"{name}/{LOOPBACK}")]
    ports = ["-m", str(RELAYED.start), "-M", str(RELAYED.stop - 1)]
    command = ["rtpengine", "-f", "-E", "-t", "-1", "-n", f"{LOOPBACK}:{port}", *names, *ports]
    async with running(*command, cwd=cwd):
        yield port


async def until_code(phone: PhoneCall, code: int) -> bool:
    """Ask until the answer is this one."""
    for _ in range(50):
        response = await phone.ask(phone.request("OPTIONS"))
        if response is not None and response.code == code:
            return True
        await asyncio.sleep(0.1)
    return False
