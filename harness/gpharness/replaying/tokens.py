"""Tokens while a contract is replayed. Recordings hold none, so any token is as good as another. Only where
the contract has a refusal for want of one is one asked for, and only where it hands tokens out, too, must it
be one of these."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from gp_mockserver.security.cookies import cookie_token
from gp_mockserver.wire.replies import AnyReply, Reply
from gp_mockserver.wire.requests import Request

from gpharness.contracts.contract import Answer
from gpharness.probing.tokens_wanted import REQUIRED
from gpharness.replaying.answering import reply_of
from gpharness.replaying.recordings import Place, plain_path

_HOUR: Final = 3600.0
_MOST_ISSUED: Final = 10_000


class Tokens:
    """What a contract knows of tokens, and those that were handed out while it is replayed."""

    def __init__(self) -> None:
        self._handed_out: list[tuple[Place, str]] = []
        self._refused: list[tuple[Place, str]] = []
        self._required: dict[str, Place] = {}
        self._invalid: dict[str, Place] = {}
        self._known: set[str] = set()

    def note_answer(self, place: Place, answer: Answer, path: str) -> None:
        """Take in what a request for a token was answered."""
        value = answer.json
        token = value.get("token") if isinstance(value, Mapping) else None
        if isinstance(token, str):
            self._known.add(token)
            self._handed_out.append((place, plain_path(path)))
        else:
            self._refused.append((place, plain_path(path)))

    def note_refusal(self, place: Place, code: int, service: str) -> None:
        """Take in that a service, or the server where it is empty, refused a request for its token."""
        (self._required if code == REQUIRED else self._invalid).setdefault(service, place)

    def refusal(self, request: Request, service: str) -> AnyReply | None:
        """The recorded refusal of a request that brings no token where one was asked for, or a wrong one."""
        required, invalid = self._at(self._required, service), self._at(self._invalid, service)
        if required is None and invalid is None:
            return None
        brought = _brought(request)
        if not brought and required is not None:
            return reply_of(required.recording, required.answer, request)
        if brought and invalid is not None and self._known and brought not in self._known:
            return reply_of(invalid.recording, invalid.answer, request)
        return None

    def _at(self, places: Mapping[str, Place], service: str) -> Place | None:
        return places.get(service) if service else None

    def reply(self, request: Request) -> AnyReply | None:
        """What a request for a token is answered: what was recorded, with an end that is still to come; a
        token that is made up where nothing was. None leaves the form of a browser to the site."""
        given = request.parameters
        has_credentials = bool(given.get("username") or given.get("token") or given.get("client_id"))
        if request.form.format == "html" and not has_credentials:
            return None
        path = plain_path(request.path)
        refused = [place for place, at in self._refused if at == path or not self._handed_out]
        if self._refused and (not has_credentials or not self._handed_out) and refused:
            return reply_of(refused[0].recording, refused[0].answer, request)
        alike = [place for place, at in self._handed_out if at == path] or [
            place for place, _ in self._handed_out
        ]
        if alike:
            place = alike[0]
            return reply_of(
                place.recording, place.answer, request, change=lambda value: _lasting(value, request.arrived)
            )
        if not has_credentials:
            return None
        return Reply(self._made(request))

    def _made(self, request: Request) -> dict[str, Any]:
        made_of = f"{request.site.seed}/{request.parameters.get('username', '')}/{request.arrived}"
        token = sha256(made_of.encode()).hexdigest()
        if len(self._known) < _MOST_ISSUED:
            self._known.add(token)
        value: dict[str, Any] = {"token": token, "expires": int((request.arrived + _HOUR) * 1000)}
        if request.address.name == "sharing":
            value["ssl"] = request.caller.find_root().startswith("https:")
        return value


def _lasting(value: Any, now: float) -> Any:
    """A recorded token with an end that is an hour off: the recorded one has passed."""
    if isinstance(value, dict) and isinstance(value.get("expires"), int | float):
        return {**value, "expires": int((now + _HOUR) * 1000)}
    return value


def _brought(request: Request) -> str:
    header = request.caller.header
    if text := request.parameters.get("token", "").strip():
        return text
    for name in ("x-esri-authorization", "authorization"):
        scheme, _, text = (header(name) or "").strip().partition(" ")
        if scheme.lower() == "bearer" and text.strip():
            return text.strip()
    return cookie_token(header) or ""


def signing_in_here(info: Any, root: str) -> Any:
    """What `rest/info` says, with the addresses at which tokens are asked for led here: another server's is
    not part of a contract."""
    if not isinstance(info, dict):
        return info
    told = dict(info)
    auth = told.get("authInfo")
    address = auth.get("tokenServicesUrl") if isinstance(auth, dict) else None
    if isinstance(auth, dict) and isinstance(address, str) and not address.startswith(f"{root}/"):
        told["authInfo"] = {**auth, "tokenServicesUrl": f"{root}/tokens/generateToken"}
    owner = told.get("owningSystemUrl")
    if isinstance(owner, str) and owner and not owner.startswith(root):
        told["owningSystemUrl"] = root
    return told
