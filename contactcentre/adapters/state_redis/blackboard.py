"""What the adapters of the live state share: one Redis, its keys and its scripts."""

from collections.abc import Mapping, Sequence
from typing import Any

from contactcentre.adapters.state_redis.client import RedisClient, StoreClient
from contactcentre.adapters.state_redis.keys import Keys
from contactcentre.adapters.state_redis.scripts import Argument, Scripts
from contactcentre.domain.ids import NO_TOKEN, Token

DOUBTS_MAX = 3
"""So many reports in a row are taken to have crossed with a reservation; then they are right."""
HEADS_MAX = 8
"""So many heads are looked at before a match gives up: all but the first are leftovers."""


class Blackboard:
    """One centre's live state in one Redis."""

    def __init__(
        self,
        store: str | StoreClient,
        *,
        namespace: str = "cc",
        timeout_ms: int = 500,
        needs_majority: bool = False,
    ) -> None:
        """Take where the store is, by its URL, or a client of it, which has its own rules."""
        self.client: StoreClient = (
            RedisClient(store, timeout_ms=timeout_ms, needs_majority=needs_majority)
            if isinstance(store, str)
            else store
        )
        self.keys = Keys(namespace)
        self.token_seen = NO_TOKEN
        """The highest that this process has come by: a store may have lost it since."""
        self._scripts = Scripts(self.client)

    def see(self, token: Token) -> None:
        """Remember a token that this process has come by."""
        self.token_seen = max(self.token_seen, token)

    async def close(self) -> None:
        """Close all connections."""
        await self.client.close()

    async def ping(self) -> None:
        """Return if the store answers. Raises StateUnavailable."""
        await self.client.ask("PING")

    async def run(
        self,
        script: str,
        *,
        keys: Mapping[str, str],
        argv: Mapping[str, Argument | Sequence[Argument]],
    ) -> list[Any]:
        """Run a script and return its reply as text."""
        return texts(await self._scripts.run(script, keys=keys, argv=argv))


def texts(reply: list[Any]) -> list[Any]:
    """Return a reply with its bytes read as text, strictly."""
    return [_text(one) for one in reply]


def _text(one: Any) -> Any:
    match one:
        case bytes():
            return one.decode()
        case list():
            return texts(one)
        case _:
            return one
