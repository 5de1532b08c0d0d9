"""Who may sign in at the desk, and who is signed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from contactcentre.domain.ids import AdviserId, QueueId
from contactcentre.domain.languages import Language


class Role(StrEnum):
    """What an account may see and do."""

    ADVISER = "adviser"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who may sign in at the desk."""

    id: AdviserId
    """What the person signs in with: lower case."""
    name: str
    """What colleagues call the person."""
    role: Role
    language: Language
    """The language of the person's desk."""
    queues: Sequence[QueueId]
    """Whose calls the person may take."""
    levels: Mapping[QueueId, int] = field(default_factory=dict)
    """At which level the person serves those of them where it is not the first."""


PASSWORD_MIN_CHARS = 12
ACCOUNT_ID = r"[a-z0-9][a-z0-9._-]{0,63}"


class Accounts(Protocol):
    """The local accounts and their sessions. Every method raises LedgerUnavailable."""

    async def sign_in(self, name: str, password: str) -> Account:
        """Return whose name and password these are.

        Raises NotSignedIn, which takes as long for a name that nobody has; TooMany while more
        people try at once than passwords can be checked.
        """

    async def create_session(self, account: AdviserId) -> str:
        """Return a secret by which the account is known from now on; only its digest is kept."""

    async def find_session(self, session: str) -> Account:
        """Return whose session it is. Raises NotSignedIn if it has ended or was never begun."""

    async def end_session(self, session: str) -> None:
        """End a session; one that is unknown has ended already."""

    async def accounts(self) -> Sequence[Account]:
        """Return every account, by id."""

    async def put(self, account: Account, *, password: str | None) -> None:
        """Write an account down, new or changed; None leaves the password of one that exists.

        A new password ends the account's sessions. Raises BadRequest for a new account without one,
        for a password that is too short and for a name that is none.
        """
