"""What `up` will start and where, worked out before anything is started."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contactcentre.apps.fleet import Member
from contactcentre.apps.ground import addresses_of_machine, free_ports, fresh_keys
from contactcentre.domain.errors import BadRequest
from contactcentre.settings import FILE_SUFFIX, Settings, env_name, read_settings

DESK_AFTER = 1
MEDIA_AFTER = 21
"""Where the other ports stand behind the first one."""
NODE_IN_URL = "{node}"
ROLES_ONCE = ("records", "router", "desk", "public")
EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - named here, not listened on


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be started, and where."""

    settings: Settings
    environ: Mapping[str, str]
    """What whoever starts us has said, with the command line in it."""
    nodes: int

    def is_said(self, name: str) -> bool:
        """Say whether whoever starts us has set this themselves."""
        variable = env_name(name)
        return variable in self.environ or variable + FILE_SUFFIX in self.environ

    @property
    def reached_at(self) -> str:
        """The host by which browsers reach this machine."""
        host = self.settings.host
        reached = addresses_of_machine()[0] if host in EVERY_ADDRESS else host
        return f"[{reached}]" if ":" in reached else reached

    @property
    def public_url(self) -> str:
        """Where callers go."""
        own = f"http://{self.reached_at}:{self.settings.public_port}"
        return self.settings.public_url or own

    @property
    def desk_url(self) -> str:
        """Where advisers and supervisors go."""
        own = f"http://{self.reached_at}:{self._desk_port}"
        return self.settings.desk_public_url or own

    @property
    def has_demo(self) -> bool:
        """Say whether there are demo accounts: if asked for, or if all of it is our own."""
        return self.settings.demo if self.is_said("demo") else not self.is_said("database_url")

    def ports(self) -> Mapping[int, str]:
        """Return the ports that browsers reach, and who needs each."""
        media = {self._media_port(number): name for number, name in enumerate(self._media_names())}
        return {self.settings.public_port: "the callers' page", self._desk_port: "the desk"} | media

    def members(self, urls: Mapping[str, str], keys: Mapping[str, str]) -> Sequence[Member]:
        """Return every process, told where the stores are and what the keys are."""
        names = [*self._media_names(), *map(self._named, ROLES_ONCE)]
        host = self.settings.internal_host
        ports = dict(zip(names, free_ports(len(names), host), strict=True))
        shared = self._shared() | {env_name(name): url for name, url in urls.items()}
        if not self.is_said("desks_static"):
            desk = self._named("desk")
            shared[env_name("desks_static")] = f"{desk}=http://{host}:{ports[desk]}"
        said = with_settings(with_defaults(self.environ, keys), shared)
        return [self._member(name, port, said) for name, port in ports.items()]

    def _member(self, name: str, port: int, said: Mapping[str, str]) -> Member:
        own = {"CC_NODE": name, "CC_INTERNAL_PORT": str(port)}
        names = self._media_names()
        if name in names:
            number = names.index(name)
            own |= {
                "CC_MEDIA_PORT": str(self._media_port(number)),
                "CC_MEDIA_PUBLIC_URL": self._leg_url(number, name),
            }
            if self.settings.sip_port is not None:
                own["CC_SIP_PORT"] = str(self.settings.sip_port + number)
            if self.settings.sip_tls_port is not None:
                own["CC_SIP_TLS_PORT"] = str(self.settings.sip_tls_port + number)
        return Member(
            name=name,
            role="media" if name in names else name.rpartition("-")[2],
            environ=with_settings(said, own),
            ready_url=f"http://{self.settings.internal_host}:{port}/readyz",
        )

    def _shared(self) -> dict[str, str]:
        """Return what every process is told that nobody else has told it."""
        nodes = [
            f"{name}={self._leg_url(number, name)}"
            for number, name in enumerate(self._media_names())
        ]
        ours = {
            "media_addresses": ",".join(addresses_of_machine()),
            "nodes_static": ",".join(nodes),
            "public_url": self.public_url,
            "desk_public_url": self.desk_url,
        }
        return {
            "CC_DATA_DIR": str(self.settings.data_dir.resolve()),
            "CC_DESK_PORT": str(self._desk_port),
        } | {env_name(name): value for name, value in ours.items() if not self.is_said(name)}

    @property
    def _desk_port(self) -> int:
        said = self.is_said("desk_port")
        return self.settings.desk_port if said else self.settings.public_port + DESK_AFTER

    def _media_port(self, number: int) -> int:
        said = self.is_said("media_port")
        first = self.settings.media_port if said else self.settings.public_port + MEDIA_AFTER
        return first + number

    def _leg_url(self, number: int, name: str) -> str:
        """Return a node's leg socket as browsers reach it."""
        own = f"ws://{self.reached_at}:{self._media_port(number)}/leg"
        return (self.settings.media_public_url or own).replace(NODE_IN_URL, name)

    def _media_names(self) -> list[str]:
        return [self._named(f"media-{number}") for number in range(1, self.nodes + 1)]

    def _named(self, name: str) -> str:
        """Return a process's name: with the machine's where stores are shared with others."""
        is_shared = self.is_said("redis_url") or self.is_said("node")
        return f"{self.settings.node}-{name}" if is_shared else name


def make_plan(environ: Mapping[str, str], said: Mapping[str, object], *, nodes: int) -> Plan:
    """Return what to start; `said` is the command line. Raises Refusal for what cannot work."""
    line = {env_name(name): str(value) for name, value in said.items() if value is not None}
    environ = with_settings(environ, line)
    settings = read_settings(with_defaults(environ, fresh_keys()))
    _refuse_near_ports(settings, nodes)
    return Plan(settings=settings, environ=environ, nodes=nodes)


def _refuse_near_ports(settings: Settings, nodes: int) -> None:
    """Refuse ports for SIP of which one node would need what another has. Raises BadRequest."""
    open_port, tls_port = settings.sip_port, settings.sip_tls_port
    if open_port is not None and tls_port is not None and abs(open_port - tls_port) < nodes:
        raise BadRequest(
            f"CC_SIP_PORT and CC_SIP_TLS_PORT are too near: each of {nodes} nodes takes the next "
            f"port of both. Keep them {nodes} apart."
        )


def with_settings(environ: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which these settings stand, whatever stood there before."""
    stale = {variable + FILE_SUFFIX for variable in said}
    kept = {name: value for name, value in environ.items() if name not in stale}
    return kept | dict(said)


def with_defaults(environ: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which these settings stand where nothing else did."""
    missing = {
        name: value
        for name, value in said.items()
        if name not in environ and name + FILE_SUFFIX not in environ
    }
    return dict(environ) | missing
