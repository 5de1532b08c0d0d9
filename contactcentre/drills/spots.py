"""Where each process of a drill's centre stands, and how it is started there."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from contactcentre.adapters.embedded.server import HERE, Place
from contactcentre.apps.fleet import Member
from contactcentre.apps.ground import fresh_keys
from contactcentre.settings import PREFIX

DRAIN_S = 3
TRUNKS, SIP_PORT = "CC_SIP_TRUNKS", "CC_SIP_PORT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where one process stands."""

    name: str
    """Its role and a number."""
    open_port: int
    """Where browsers reach it."""
    inner_port: int
    """Where the others reach it."""
    sip_port: int | None = None
    """Where trunks reach it, if there are any."""
    place: Place = HERE
    site: str = "local"

    @property
    def role(self) -> str:
        """Return what it does."""
        return self.name.partition("-")[0]

    @property
    def url(self) -> str:
        """Return where browsers reach it."""
        at = f"{self.place.host}:{self.open_port}"
        return f"ws://{at}/leg" if self.role == "media" else f"http://{at}"

    @property
    def inner_url(self) -> str:
        """Return where the others reach it."""
        return f"http://{self.place.host}:{self.inner_port}"


def members_at(spots: Sequence[Spot], said: Mapping[str, str]) -> list[Member]:
    """Return how each process is started; `said` are settings that they all share."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    shared = kept | fresh_keys() | dict(said)
    shared |= {
        "CC_NODES_STATIC": _named({one.name: one.url for one in spots if one.role == "media"}),
        "CC_DESKS_STATIC": _named({one.name: one.inner_url for one in spots if one.role == "desk"}),
        "CC_DRAIN_S": str(DRAIN_S),
    }
    has_trunks = TRUNKS in said
    return [
        Member(
            name=one.name,
            role=one.role,
            environ=shared | _own_settings(one, has_trunks=has_trunks),
            ready_url=f"{one.inner_url}/readyz",
            place=one.place,
        )
        for one in spots
    ]


def _own_settings(spot: Spot, *, has_trunks: bool) -> dict[str, str]:
    own = {
        "CC_NODE": spot.name,
        "CC_SITE": spot.site,
        "CC_HOST": spot.place.host,
        "CC_INTERNAL_HOST": spot.place.host,
        "CC_INTERNAL_PORT": str(spot.inner_port),
        "CC_MEDIA_ADDRESSES": spot.place.host,
    }
    if spot.role in {"media", "desk", "public"}:
        own[f"CC_{spot.role.upper()}_PORT"] = str(spot.open_port)
    if has_trunks and spot.sip_port is not None:
        own |= {"CC_SIP_HOST": spot.place.host, SIP_PORT: str(spot.sip_port)}
    return own


def _named(urls: Mapping[str, str]) -> str:
    return ",".join(f"{name}={url}" for name, url in urls.items())
