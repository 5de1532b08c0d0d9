"""What a process is told at its start, and the only reader of the environment.

Read once, from a mapping, all mistakes at once. A name that begins with CC_ and is not known is
refused, so that a misspelt setting cannot be one that silently has no effect. Any setting may be
read from a file instead, named by the same name with _FILE behind it.
"""

import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)

from contactcentre.domain.classes import ServiceClass
from contactcentre.domain.errors import BadRequest
from contactcentre.limits import (
    CHATS_MAX,
    ORPHAN_GRACE_MS,
    REDIAL_KEEP_MAX_MS,
    RING_MS,
    SOCKET_LOST_AFTER_MS,
    STORM_ADVISERS,
    STORM_WINDOW_MS,
    WISH_MS,
)
from contactcentre.setting_checks import ice_servers, port_range

PREFIX = "CC_"
FILE_SUFFIX = "_FILE"
SIGNING_SECRET_MIN_BYTES = 32
"""HS256 wants a key at least as long as its hash (RFC 7518, 3.2)."""
HIDDEN = "********"
MINUTE_MS = 60_000
REDIAL_KEEP_MIN_MS = 3 * MINUTE_MS


def _host_name() -> str:
    """Return this machine's name in the letters that a process's name may have."""
    return re.sub(r"[^a-z0-9]+", "-", socket.gethostname().lower()).strip("-")[:40] or "machine"


def _listed(text: Any) -> Any:
    """Return the parts of a text with commas; what is no text stays as it is."""
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _paired(text: Any) -> Any:
    """Return name=value, name=value as a mapping; what is no text stays as it is."""
    if not isinstance(text, str):
        return text
    pairs = [part.partition("=") for part in _listed(text)]
    if not all(name and value for name, _, value in pairs):
        raise ValueError("write name=address, with commas between several")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _key_ring(keys: SecretStr) -> SecretStr:
    """Refuse signing keys that cannot be told apart or are too short to sign with."""
    pairs = [part.partition(":") for part in _listed(keys.get_secret_value())]
    if not pairs or not all(kid and secret for kid, _, secret in pairs):
        raise ValueError("write name:secret, with commas between several; the first one signs")
    if len({kid for kid, _, _ in pairs}) < len(pairs):
        raise ValueError("two keys have the same name")
    if any(len(secret.encode()) < SIGNING_SECRET_MIN_BYTES for _, _, secret in pairs):
        raise ValueError(f"each secret needs at least {SIGNING_SECRET_MIN_BYTES} random bytes")
    return keys


def _optional_ring(keys: SecretStr | None) -> SecretStr | None:
    """Refuse keys of recordings as those of claims, where there are any."""
    return None if keys is None else _key_ring(keys)


def _needs_keys(folder: Path | None, said: ValidationInfo) -> Path | None:
    """Refuse a folder for recordings without a key that seals them."""
    if folder is not None and said.data.get("recording_keys") is None:
        raise ValueError("recordings are sealed: set CC_RECORDING_KEYS as well")
    return folder


def _keep_span(span_ms: int) -> int:
    """Refuse a span that callers cannot be told in whole minutes, or that is over as they read."""
    if span_ms % MINUTE_MS or 0 < span_ms < REDIAL_KEEP_MIN_MS:
        raise ValueError(f"give 0, or whole minutes from {REDIAL_KEEP_MIN_MS} on")
    return span_ms


def _ice_servers(urls: tuple[str, ...], said: ValidationInfo) -> tuple[str, ...]:
    """Refuse servers that browsers cannot use."""
    ice_servers(urls, has_secret=said.data.get("turn_secret") is not None)
    return urls


def _until_hour(hour: int, said: ValidationInfo) -> int:
    """Refuse hours of ringing that are over before they begin."""
    if hour <= said.data.get("callback_from_hour", 0):
        raise ValueError("give an hour later than CC_CALLBACK_FROM_HOUR")
    return hour


Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Named = Annotated[dict[str, str], BeforeValidator(_paired)]
RecordingDays = Annotated[
    dict[ServiceClass, Annotated[int, Field(ge=1, le=36_500)]], BeforeValidator(_paired)
]
Port = Annotated[int, Field(ge=1, le=65_535)]


class Settings(BaseModel):
    """All settings; each is CC_ and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    site: str = Field(default="local", pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    """The site this process stands at."""
    node: str = Field(default_factory=_host_name, pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """This process's name among all of its role; it keeps it over a restart."""

    redis_url: str = "redis://127.0.0.1:6379/0"
    """Where the live state is; or sentinel://user:password@host:port,host:port/name."""
    database_url: str = "postgresql://contactcentre@127.0.0.1:5432/contactcentre"
    """Where the record is; or postgresql://user:password@host:port,host:port/name, of which the one
    is used that takes writes."""
    cluster_key: SecretStr = Field(min_length=16)
    """What our processes prove to one another that they belong together; the same everywhere."""
    signing_keys: Annotated[SecretStr, AfterValidator(_key_ring)]
    """What claims are signed with: name:secret,name:secret. The first signs, all are read."""

    host: str = "127.0.0.1"
    """The address on which browsers reach this process; 0.0.0.0 for every one."""
    public_port: Port = 8080
    desk_port: Port = 8081
    media_port: Port = 8101
    internal_host: str = "127.0.0.1"
    """The address on which our other processes reach this one."""
    internal_port: Port = 8090
    internal_url: str | None = None
    """How our other processes reach this one, where its address and port alone do not say it."""
    organisation: str = Field(default="Riverside Revenue", min_length=1, max_length=80)
    """Whose helpline it is, as callers read it at the head of every page."""
    proxies: Listed = ()
    """Addresses of our own proxies; who a caller is, is believed from their X-Forwarded-For."""
    public_url: str | None = None
    """The caller's pages as browsers reach them; host and port if none."""
    desk_public_url: str | None = None
    """The desk as browsers reach it; host and port if none."""
    media_public_url: str | None = None
    """This node's leg socket as browsers reach it (ws:// or wss://); host and port if none."""
    nodes_static: Named = {}
    """Media nodes for when Redis is away: name=wss://node.example/leg, with commas between."""
    desks_static: Named = {}
    """Desk processes for when Redis is away: name=http://desk.example:8090, with commas between."""

    twilio_account_sid: str | None = Field(default=None, pattern=r"^AC[0-9a-f]{32}$")
    """The account at Twilio that calls come from; without it none are taken there."""
    twilio_auth_tokens: SecretStr | None = None
    """The account's auth tokens: while they are changed both, with a comma between, ours first."""
    twilio_api_url: str = "https://api.twilio.com"
    """Where Twilio is asked to do something with a call."""
    texts: Path | None = None
    """The file that says how callers may be texted a link; without it none is offered one."""

    media_addresses: Listed = ()
    """Addresses of this machine that are offered for sound; every one but loopback if none."""
    turn_secret: SecretStr | None = Field(default=None, min_length=16)
    """What a TURN server has as static-auth-secret; the same at every public and desk process."""
    ice_servers: Annotated[Listed, AfterValidator(_ice_servers)] = ()
    """What helps browsers behind another network: stun:host:port, or turn:host:port to relay."""
    sip_port: Port | None = None
    """Calls from trunks are taken on this port, over UDP and TCP; without it none are."""
    sip_host: str = "127.0.0.1"
    """The address that is listened on for them and for their sound; 0.0.0.0 for every one."""
    sip_address: str | None = None
    """This node's address as trunks reach it, for signalling and sound; CC_SIP_HOST if none."""
    sip_trunks: Path | None = None
    """The file that says who may send us calls."""
    sip_tls_port: Port | None = None
    """Calls from trunks are taken on this port over TLS as well; without it none are."""
    sip_tls_cert: Path | None = None
    sip_tls_key: Path | None = None
    """The certificate shown there, and its key, as PEM; read again once they have changed."""
    sip_tls_ca: Path | None = None
    """Who signs trunks' certificates; without it trunks are not asked for one."""
    outside_numbers: Path | None = None
    """The file that says whom we may ring; without it nobody is."""
    sip_calls_per_s: int = Field(default=100, ge=1, le=1_000)
    """So many calls a second are taken from trunks; what is more is asked to try again later."""
    rtp_ports: Annotated[str, AfterValidator(port_range)] = "20000-29999"
    """The ports of telephones' sound, first and last: two for each call."""
    legs_max: int = Field(default=200, ge=2, le=2_000)
    """Audio connections that one media node carries at once."""

    ring_ms: int = Field(default=RING_MS, ge=1_000, le=120_000)
    """How long an adviser's desk rings before the call goes back to its place."""
    wrap_up_ms: int = Field(default=90_000, ge=1_000, le=3_600_000)
    """How long an adviser has for notes and outcome after a talk."""
    chats_max: int = Field(default=2, ge=1, le=CHATS_MAX)
    """With how many callers an adviser may chat at a time, where the adviser serves chats."""
    chats_beside_call_max: int = Field(default=1, ge=0, le=CHATS_MAX)
    """An adviser who chats with more callers than this is offered no call."""
    next_adviser: Literal["longest_idle", "least_occupied"] = "longest_idle"
    """Which of the ready advisers of a level is next; the same for every desk process."""
    tells_of_listening: bool = True
    """Whether an adviser is told that a supervisor only listens to the talk."""
    wish_ms: int = Field(default=WISH_MS, ge=0, le=300_000)
    """How long a caller whose talk broke waits for the same adviser alone; 0 for not at all."""
    storm_advisers: int = Field(default=STORM_ADVISERS, ge=0, le=1_000)
    """The desks of so many advisers that fail on being rung are a storm, in which one at a time is
    rung, if most rings fail; 0: never. The same for every router."""
    storm_window_ms: int = Field(default=STORM_WINDOW_MS, ge=1_000, le=600_000)
    """Within how long so many desks must have failed for it to be a storm."""
    leg_grace_ms: int = Field(default=60_000, ge=SOCKET_LOST_AFTER_MS, le=600_000)
    """How long a caller may be without socket and sound before being counted as gone."""
    orphan_grace_ms: int = Field(default=ORPHAN_GRACE_MS, ge=SOCKET_LOST_AFTER_MS, le=3_600_000)
    """How long a caller whose node is lost may take to come back before being counted as lost."""
    redial_keep_ms: Annotated[int, AfterValidator(_keep_span)] = Field(
        default=10 * MINUTE_MS, ge=0, le=REDIAL_KEEP_MAX_MS
    )
    """How long the place of a caller who has left the queue is kept for calling again; 0: never."""
    callback_wait_ms: int = Field(default=15 * MINUTE_MS, ge=0, le=4 * 60 * MINUTE_MS)
    """Whoever is to wait for so long is offered a callback, where the flow promises any."""
    callback_ceiling_ms: int = Field(default=30 * MINUTE_MS, ge=0, le=4 * 60 * MINUTE_MS)
    """Whoever has waited for so long is offered one whatever the wait is expected to be."""
    callback_again_ms: int = Field(default=5 * MINUTE_MS, ge=1_000, le=60 * MINUTE_MS)
    """The offer of a callback is repeated after so long."""
    callback_from_hour: int = Field(default=8, ge=0, le=23)
    """Nobody is rung back before this hour of the day, in the United Kingdom."""
    callback_until_hour: Annotated[int, AfterValidator(_until_hour)] = Field(
        default=20, ge=1, le=24
    )
    """Nobody is rung back from this hour of the day on."""
    recording_keys: Annotated[SecretStr | None, AfterValidator(_optional_ring)] = None
    """What recordings are sealed with: name:secret,name:secret. The first seals, all open."""
    recordings: Annotated[Path | None, AfterValidator(_needs_keys)] = None
    """The folder for recordings, of lines whose flow says that talks are recorded; none without."""
    recording_pause_max_ms: int = Field(default=5 * MINUTE_MS, ge=1_000, le=60 * MINUTE_MS)
    """An adviser's pause of a recording that nobody ends is over after so long."""
    payment_key: SecretStr | None = Field(default=None, min_length=32)
    """What a payment page proves itself with when it has a recording paused; none may without."""
    recording_keep_days: RecordingDays = {}
    """For how many days recordings are kept, by service class: P0=365,P3=30; the others for 90."""
    redis_timeout_ms: int = Field(default=500, ge=50, le=5_000)
    """How long one step in Redis may take before it counts as an outage."""
    database_timeout_ms: int = Field(default=2_000, ge=100, le=60_000)
    """How long one step in PostgreSQL may take before it counts as an outage."""

    data_dir: Path = Path(".contactcentre")
    """What this machine keeps: spool, keys, and the stores' files where they are our own."""
    valkey_server: Path | None = None
    """The Valkey or Redis that `up` starts; the installed one if none."""
    postgres_bin: Path | None = None
    """The folder of the PostgreSQL that `up` starts; the installed one if none."""
    flows_dir: Path | None = None
    """The folder of flows; those that came with the installation if none."""
    demo: bool = False
    """Make demo accounts at the start."""

    watchdog_s: float = Field(default=2, ge=0.2, le=60)
    """A process that has been silent for so long is killed and started again."""
    drain_s: float = Field(default=20, ge=0, le=86_400)
    """How long a process that has been told to stop may take to let its calls end."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def twilio_account(self) -> tuple[str, Sequence[str]] | None:
        """Return the account at Twilio and its tokens; None if there is none.

        Raises BadRequest if half of it is missing.
        """
        said = self.twilio_auth_tokens
        tokens: Sequence[str] = () if said is None else _listed(said.get_secret_value())
        if self.twilio_account_sid is None and not tokens:
            return None
        if self.twilio_account_sid is None or not tokens:
            raise BadRequest(
                "Set both CC_TWILIO_ACCOUNT_SID and CC_TWILIO_AUTH_TOKENS, or neither."
            )
        return self.twilio_account_sid, tokens

    def rtp_range(self) -> tuple[int, int]:
        """Return the first and the last port of telephones' sound."""
        first, _, last = self.rtp_ports.partition("-")
        return int(first), int(last)

    def signing_ring(self) -> tuple[str, Mapping[str, str]]:
        """Return the name of the key that signs, and every key by its name."""
        ring = _ring(self.signing_keys)
        return next(iter(ring)), ring

    def recording_ring(self) -> Mapping[str, str]:
        """Return every key of recordings by its name, the one that seals first; empty if none."""
        return {} if self.recording_keys is None else _ring(self.recording_keys)


def _ring(keys: SecretStr) -> dict[str, str]:
    """Return keys by their names."""
    pairs = [part.partition(":") for part in _listed(keys.get_secret_value())]
    return {kid: secret for kid, _, secret in pairs}


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of an environment; BadRequest names every mistake in it at once."""
    given, findings = _given(environ)
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        findings += _sentences(error)
    else:
        if not findings:
            return settings
    raise BadRequest("\n".join(findings))


def shown(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield every setting by its name in the environment, with secrets hidden."""
    for name in Settings.model_fields:
        yield env_name(name), _shown(getattr(settings, name))


def env_name(name: str) -> str:
    """Return how a setting is called in the environment."""
    return PREFIX + name.upper()


def _given(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return what an environment gives for each field, and what is wrong with its names."""
    given: dict[str, str] = {}
    findings: list[str] = []
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        from_file = variable.endswith(FILE_SUFFIX)
        field = variable.removeprefix(PREFIX).removesuffix(FILE_SUFFIX).lower()
        if field not in Settings.model_fields or variable != variable.upper():
            findings.append(_unknown(variable))
        elif field in given:
            findings.append(f"{env_name(field)} is given twice, as it is and by a file: keep one.")
        elif not from_file:
            given[field] = environ[variable]
        else:
            try:
                given[field] = Path(environ[variable]).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeError) as error:
                findings.append(f"{variable}: the file cannot be read ({error}).")
    return given, findings


def _unknown(variable: str) -> str:
    """Return the sentence about a setting that does not exist."""
    known = [env_name(name) for name in Settings.model_fields]
    near = get_close_matches(variable.upper(), known, n=1, cutoff=0)
    return f"{variable} is no setting. The nearest that there is: {near[0]}."


def _sentences(error: ValidationError) -> list[str]:
    """Return one sentence for each value that cannot be used, without the value."""
    return [
        f"{env_name(str(mistake['loc'][0]))}: {_plain(mistake['msg'])}."
        for mistake in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _plain(message: str) -> str:
    """Return what pydantic says in the words of somebody who reads settings."""
    if message == "Field required":
        return "it must be set"
    return message.removeprefix("Value error, ").replace("Input should", "it should")


def _shown(value: Any) -> str:
    """Return a value as it may be seen by whoever stands behind the operator."""
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={target}" for name, target in value.items())
    text = "" if value is None else str(value)
    return _without_password(text) if "://" in text else text


def _without_password(url: str) -> str:
    """Return a URL with its password hidden."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    where = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:{HIDDEN}@{where}"))
