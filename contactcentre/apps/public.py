"""The public process: callers' pages, and claims to new calls. It needs no store to go on."""

from collections.abc import Mapping

import structlog

from contactcentre.adapters.carrier_twilio.signatures import TwilioSignatures
from contactcentre.adapters.environment.machine import MachineChance, MachineClock
from contactcentre.adapters.flow_files.folders import default_flows_dir
from contactcentre.adapters.flow_files.lines import load_lines
from contactcentre.adapters.flow_files.prompts import load_words
from contactcentre.adapters.spool_files.switch_file import FileOfSwitches
from contactcentre.adapters.state_redis.state import RedisState
from contactcentre.adapters.web.claims import Signatures
from contactcentre.adapters.web.ice import IceServers
from contactcentre.adapters.web.pages.rate import RateLimit
from contactcentre.adapters.web.pages.redial import Redials
from contactcentre.adapters.web.pages.seen import SeenCentre
from contactcentre.adapters.web.pages.site import Site, Tools
from contactcentre.adapters.web.peers import Peers
from contactcentre.apps.phone_ways import PhoneWays
from contactcentre.apps.process import Process
from contactcentre.apps.switchboard import Switchboard
from contactcentre.apps.twilio_door import DoorTools, TwilioAccount, TwilioDoor, public_address
from contactcentre.domain.ids import LineId
from contactcentre.domain.ivr.flow import Line
from contactcentre.settings import Settings

log = structlog.get_logger()

CLAIMS_AT_ONCE_MAX = 30
"""Many people may share one address: a firm, a library, a mobile network."""
CLAIM_AGAIN_EVERY_MS = 2_000
CLAIM_ADDRESSES_MAX = 50_000


async def serve(settings: Settings, process: Process) -> None:
    """Serve the pages until the process drains. Raises BadRequest for settings that do not do."""
    twilio = _twilio(settings)
    flows_dir = settings.flows_dir or default_flows_dir()
    lines = load_lines(flows_dir)
    line = next(iter(lines.values()))
    clock = MachineClock()
    state = RedisState(settings.redis_url, timeout_ms=settings.redis_timeout_ms)
    process.uses("state", state.ping)
    centre = SeenCentre(
        state,
        [queue.id for queue in line.call_queues],
        nodes_static=settings.nodes_static,
        clock=clock,
    )
    path = settings.data_dir / "switches" / f"{settings.node}.json"
    switches = Switchboard(state, FileOfSwitches(path), clock)
    signatures = _signatures(settings, clock)
    site = Site(
        Tools(
            line=line,
            spoken=load_words(flows_dir),
            organisation=settings.organisation,
            centre=centre,
            switches=lambda: switches.of(line.id),
            signatures=signatures,
            redials=Redials(signatures, state, clock, keep_ms=settings.redial_keep_ms),
            rate=_rate(clock),
            proxies=settings.proxies,
            ice_servers=IceServers.of(settings, clock, MachineChance()),
            clock=clock,
            chance=MachineChance(),
        )
    )
    pages = site.application()
    await centre.look()  # the first page may already know the nodes
    await switches.look()
    process.spawn(switches.watch(), "switches")
    async with Peers(settings.cluster_key.get_secret_value()) as peers:
        if twilio is not None:
            ways = _ways(settings, centre, state, peers)
            pages.add_routes(_door(twilio, settings, lines, ways, signatures).routes())
        await process.listen(pages, host=settings.host, port=settings.public_port)
        log.info("serving pages", line=line.id)
        await process.run(centre.watch)
    await state.close()


def _signatures(settings: Settings, clock: MachineClock) -> Signatures:
    signing, keys = settings.signing_ring()
    return Signatures(keys, signing, clock)


def _rate(clock: MachineClock) -> RateLimit:
    return RateLimit(
        clock,
        at_once_max=CLAIMS_AT_ONCE_MAX,
        one_more_every_ms=CLAIM_AGAIN_EVERY_MS,
        addresses_max=CLAIM_ADDRESSES_MAX,
    )


def _twilio(settings: Settings) -> TwilioAccount | None:
    """Return what Twilio and we know of one another; None where no calls come from there."""
    account = settings.twilio_account()
    if account is None:
        return None
    sid, tokens = account
    return TwilioAccount(sid=sid, tokens=tokens, public_url=public_address(settings))


def _ways(settings: Settings, centre: SeenCentre, state: RedisState, peers: Peers) -> PhoneWays:
    return PhoneWays(
        centre=centre,
        queues=state,
        peers=peers,
        chance=MachineChance(),
        nodes_static=settings.nodes_static,
        site=settings.site,
    )


def _door(
    twilio: TwilioAccount,
    settings: Settings,
    lines: Mapping[LineId, Line],
    ways: PhoneWays,
    signatures: Signatures,
) -> TwilioDoor:
    """Return what answers Twilio."""
    return TwilioDoor(
        DoorTools(
            account=twilio,
            proofs=TwilioSignatures(twilio.tokens),
            organisation=settings.organisation,
            lines=lines,
            ways=ways,
            signatures=signatures,
            clock=MachineClock(),
            chance=MachineChance(),
        )
    )
