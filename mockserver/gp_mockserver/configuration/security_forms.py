"""What a site file says of users, tokens and secured services."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from gp_protocol.errors import shown
from gp_protocol.suggestions import did_you_mean, some_of
from msgspec import Meta

from gp_mockserver.configuration.durations import Duration, parse_duration
from gp_mockserver.configuration.written_data import join
from gp_mockserver.errors import SiteError, SiteFileError
from gp_mockserver.security.sign_in_rules import MINUTE, SignInRules

if TYPE_CHECKING:
    from gp_mockserver.configuration.site_file_model import SiteForm
    from gp_mockserver.sites import Site

_FROM_ENVIRONMENT: Final = re.compile(r"\$\{(\w+)\}")


class UserForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A user; a password such as `${NAME}` stands in that environment variable."""

    password: Annotated[str, Meta(description="a text", extra_json_schema={"minLength": 1})]
    administrator: bool = False
    full_name: str = ""


class SecurityForm(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """How tokens are handed out, and who is asked for one; `signInHint` is shown to people where they sign
    in."""

    short_lived_tokens: Duration | None = None
    long_lived_tokens: Duration | None = None
    tokens_by_get: bool = False
    federated: bool = False
    authorization_header: bool | None = None
    forwarded_for: bool = False
    hide_secured: bool = False
    sign_in_hint: str = ""


def set_up_sign_in(site: Site, form: SiteForm) -> None:
    """Give a site its users, and have its secured services ask for them. Raises SiteFileError."""
    if form.security is not None:
        site.sign_in(_rules(form.security))
        site.sign_in_hint = form.security.sign_in_hint
    for name, user in form.users.items():
        place = join("users", name)
        password = _password(user.password, join(place, "password"))
        try:
            site.add_user(name, password, administrator=user.administrator, full_name=user.full_name)
        except SiteError:
            raise SiteFileError(place, shown(name), "a name other than *") from None
    for name, service in form.services.items():
        if not service.secured:
            continue
        place = f"{join('services', name)}.secured"
        if not form.users:
            remedy = "add users, such as `users: {tester: {password: …}}`"
            raise SiteFileError(place, "a secured service in a site without users", "users", remedy)
        if service.secured is True:
            site.services[name].secure()
            continue
        for i, user_name in enumerate(service.secured):
            if user_name not in form.users:
                hint = did_you_mean(user_name, form.users)
                raise SiteFileError(f"{place}[{i}]", shown(user_name), some_of([*form.users]), hint)
        site.services[name].secure(service.secured)


def _rules(form: SecurityForm) -> SignInRules:
    rules = SignInRules(
        tokens_by_get=form.tokens_by_get,
        federated=form.federated,
        authorization_header=form.authorization_header,
        forwarded_for=form.forwarded_for,
        hide_secured=form.hide_secured,
    )
    given = {"short_lived": form.short_lived_tokens, "long_lived": form.long_lived_tokens}
    lives = {}
    for name, said in given.items():
        if said is not None:
            place = f"security.{name.replace('_l', 'L')}Tokens"
            lives[name] = parse_duration(said, place)
            if lives[name] < MINUTE:
                raise SiteFileError(place, shown(said), "a minute or more")
    return msgspec.structs.replace(rules, **lives)


def _password(said: str, place: str) -> str:
    """The password itself. Errors do not show what the file says."""
    if not said:
        raise SiteFileError(place, "an empty text", "a text")
    variable = _FROM_ENVIRONMENT.fullmatch(said)
    if variable is None:
        return said
    password = os.environ.get(variable[1], "")
    if not password:
        raise SiteFileError(place, f"no environment variable {variable[1]}", "one that holds the password")
    return password
