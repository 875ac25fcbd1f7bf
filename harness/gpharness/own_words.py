"""What the client says in Python's words, said in those of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from gp_client.errors import DeadlineExceeded, GPError, InvalidInput

_ARGUMENTS = {
    "user": "--user",
    "password": "--password",
    "token": "--token",
    "token_url": "--token-url",
    "trusted_hosts": "--trust",
    "timeout": "--timeout",
    "deadline": "--deadline",
    "out_sr": "--out-sr",
}
_PHRASES = (
    (
        "give user= and password=, or token=",
        "give --user and its password, or --token: GPHARNESS_USER and GPHARNESS_PASSWORD, or GPHARNESS_TOKEN",
    ),
    (
        "give the user name and password as user= and password=",
        "give the user name by --user, and the password in GPHARNESS_PASSWORD",
    ),
    (re.compile(r"give token_url='([^']*)', or"), r"give --token-url \1, or"),
    (re.compile(r"name (the|that) host in trusted_hosts"), r"name \1 host by --trust"),
    (re.compile(r"^out_sr: "), "--out-sr: "),
    (re.compile(r"; leave it out, or send it all the same with env=.*"), "; leave it out"),
    (
        "a wkid such as 4326, a SpatialReference, a dict, a WKT text or a pyproj CRS",
        "a number such as 25832, EPSG:25832, WKT, or JSON",
    ),
    (", or None", ""),
)
_LIMIT = re.compile(r"within \S+ seconds")


@contextmanager
def own_words(deadline: float | None = None) -> Iterator[None]:
    """Within it errors speak of options; of a deadline, which all calls share, by its whole length."""
    try:
        yield
    except GPError as error:
        if isinstance(error, DeadlineExceeded) and deadline is not None:
            error.text = _LIMIT.sub(f"within {deadline:g} seconds", error.text, count=1)
        if not isinstance(error, InvalidInput):
            error.text = _reworded(error.text)
        raise


@contextmanager
def own_options(address: str = "address") -> Iterator[None]:
    """Within it InvalidInput names an option or, as `address`, the word of the command line that is meant.

    Not for what a task's own parameters may be named in.
    """
    try:
        yield
    except InvalidInput as error:
        option = address if error.parameter == "address" else _ARGUMENTS.get(error.parameter)
        if option is None:
            raise
        raise InvalidInput(
            parameter=option,
            path=error.path,
            met=error.met,
            expected=_reworded(error.expected),
            remedy=_reworded(error.remedy),
            url=error.url,
        ) from None


def _reworded(text: str) -> str:
    for phrase, ours in _PHRASES:
        text = text.replace(phrase, ours) if isinstance(phrase, str) else phrase.sub(ours, text)
    return text
