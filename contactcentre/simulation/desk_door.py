"""What an adviser's browser may ask of a simulated desk process: the paths of `apps.desk_api`.

Sign-in is by name alone: accounts and sessions are not what is simulated.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic import BaseModel, TypeAdapter

from contactcentre.adapters.web.sockets import Socket
from contactcentre.apps.desk_floor import Floor
from contactcentre.domain.errors import BadRequest, NotSignedIn, UnknownName
from contactcentre.domain.ids import CallId
from contactcentre.domain.presence import Presence
from contactcentre.ports.accounts import Account
from contactcentre.simulation.lives import Answer, Request
from contactcentre.wire import desk as said
from contactcentre.wire.closing import Closing
from contactcentre.wire.cluster import Ring, RingOver, Talk
from contactcentre.wire.legs import Beat

BEATS = TypeAdapter(Beat)
TALK_WITH = "talk?call="


class DeskDoor:
    """Lets nodes and browsers in to the desks of one process."""

    def __init__(self, floor: Floor, accounts: Mapping[str, Account]) -> None:
        self._floor = floor
        self._accounts = accounts

    async def serve(self, request: Request) -> Answer:
        """Serve one request. Raises what the desks refuse."""
        parts = request.path.strip("/").split("/")
        if parts[0] == "rings":
            self._node_said(parts[-1], request.body)
            return Answer(status=204)
        if request.path == "/api/sign-in":
            name = said.SignIn.model_validate_json(request.body).name
            self._floor.sign_in(self._accounts[name])
            return Answer(status=200, session=name)
        account = self._signed_in(request.session)
        if parts[:2] == ["api", "callbacks"]:
            done = said.DoCallback.model_validate_json(request.body)
            call = CallId(parts[-1])
            heard = await self._floor.do_callback(account, call, done.word, done.ticket)
            return Answer(status=200, body=heard.model_dump_json().encode())
        given = self._pressed(request, account)
        return Answer(status=200, body=given.model_dump_json().encode())

    async def live(self, socket: Socket, session: str) -> None:
        """Keep a page up to date for as long as it is open."""
        account = self._accounts.get(session)
        if account is None:
            socket.close(Closing.NOT_SIGNED_IN, "Sign in first.")
            return
        self._floor.sit(account, socket)
        try:
            async for _ in socket.receive(BEATS, malformed_max=0):
                pass
        finally:
            self._floor.leave(account, socket)

    def _signed_in(self, session: str) -> Account:
        account = self._accounts.get(session)
        if account is None:
            raise NotSignedIn("Sign in first.")
        return account

    def _pressed(self, request: Request, account: Account) -> BaseModel:
        floor, parts = self._floor, request.path.strip("/").split("/")
        match parts:
            case ["api", "presence"]:
                asked = said.SetPresence.model_validate_json(request.body)
                return floor.press(account, None if asked.state is Presence.READY else asked.reason)
            case ["api", "wrap-up", "finish"]:
                done = said.FinishWrapUp.model_validate_json(request.body)
                return floor.finish(account, done.call, done.reason)
            case ["api", "talk"]:
                return floor.talk(account)
            case ["api", talk] if talk.startswith(TALK_WITH):
                return floor.talk(account, CallId(talk.removeprefix(TALK_WITH)))
            case ["api", "calls", call, "end"]:
                return floor.end_talk(account, CallId(call))
            case _:
                raise UnknownName("There is no such path.")

    def _node_said(self, what: str, body: bytes) -> None:
        say = self._says.get(what)
        if say is None:
            raise BadRequest("A node cannot say that.")
        say(self._floor, body)

    _says: Mapping[str, Callable[[Floor, bytes], None]] = MappingProxyType(
        {
            "rings": lambda floor, body: floor.ring(Ring.model_validate_json(body)),
            "bridged": lambda floor, body: floor.bridged(Talk.model_validate_json(body)),
            "moved": lambda floor, body: floor.moved(Ring.model_validate_json(body)),
            "over": lambda floor, body: floor.over(RingOver.model_validate_json(body)),
        }
    )
