"""The servers of one live state: a primary, and the Sentinels that say which server it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from contactcentre.simulation.network import Names
from contactcentre.simulation.store.server import Server


@dataclass(slots=True)
class Sentinel:
    """One Sentinel: where it is, and what it has last heard."""

    names: Names
    primary: Server
    epoch: int = 0
    is_up: bool = True


class Group:
    """A primary, and the Sentinels that know it; without any, clients know it themselves."""

    def __init__(self, primary: Server, *, sentinels: Sequence[Sentinel] = ()) -> None:
        self.primary = primary
        self.sentinels = sentinels
