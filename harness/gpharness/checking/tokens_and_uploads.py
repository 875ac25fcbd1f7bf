"""The answers of the token service and of uploads.

Sources: ArcGIS REST, *Generate token*, *Upload*, *Register*.
"""

from __future__ import annotations

from typing import Any, Final

from gpharness.checking.looking import NOTHING, Looking, is_number, is_whole, met_at

_EARLIEST: Final = 100_000_000_000
"""Milliseconds since 1970 of the year 1973; seconds do not get there before the year 5138."""
_OTHER_UPLOADS: Final = ("maxUploadFileSize", "uploads", "items", "parts", "partId", "partID", "itemID")


def check_token(look: Looking, value: dict[str, Any]) -> None:
    """A token, and when it ends. `ssl` is a portal's."""
    token = value.get("token")
    if type(token) is not str or not token.strip():
        met = NOTHING if "token" not in value else ("" if token == "" else type(token).__name__)
        look.say("token.answer", "token", met, "a token")
    if value.get("ssl") is not None and type(value["ssl"]) is not bool:
        look.say("token.answer", "ssl", type(value["ssl"]).__name__, "true or false")
    expires = value.get("expires")
    if not is_whole(expires) or expires < _EARLIEST:
        look.say("token.expires", "expires", met_at(value, "expires"), "a whole number of ms since 1970")


def check_upload(look: Looking, value: dict[str, Any]) -> None:
    """The item that an upload made. Items by themselves, parts and what an item's removal answers are
    passed."""
    item = value.get("item")
    if "item" not in value and any(key in value for key in _OTHER_UPLOADS):
        _check_other(look, value)
        return
    if type(item) is not dict:
        is_removal = "item" not in value and value.get("success") is True and not look.knows_asked
        say = look.note if is_removal else look.say
        say("upload.answer", "item", met_at(value, "item"), "the item, with its itemID")
        return
    _check_item(look, item, "item")
    committed = item.get("committed")
    if committed is False:
        say = look.say if look.knows_asked and not look.is_guessed else look.note
        say("upload.answer", "item.committed", committed, "true, unless parts are to come")
    success = value.get("success")
    if success is not None and success is not True:
        look.say("upload.answer", "success", success, "true")


def _check_other(look: Looking, value: dict[str, Any]) -> None:
    """The limits of uploads, and the items that were uploaded."""
    for key in ("uploads", "items"):
        listed = value.get(key)
        if key in value and type(listed) is not list:
            look.say("upload.answer", key, listed, "a list of items")
        for index, item in enumerate(listed if type(listed) is list else ()):
            if type(item) is not dict:
                look.say("upload.answer", f"{key}[{index}]", item, "an item, with its itemID")
            else:
                _check_item(look, item, f"{key}[{index}]")
    size = value.get("maxUploadFileSize")
    if size is not None and not (is_number(size) and size >= 0):
        look.say("upload.answer", "maxUploadFileSize", size, "a number of MB")


def _check_item(look: Looking, item: dict[str, Any], path: str) -> None:
    if type(item.get("itemID")) is not str or not item["itemID"]:
        look.say("upload.answer", f"{path}.itemID", met_at(item, "itemID"), "the item's id")
    for key in ("itemName", "description", "serviceName", "pathOnServer"):
        if item.get(key) is not None and type(item[key]) is not str:
            look.say("upload.answer", f"{path}.{key}", item[key], "a text")
    if item.get("date") is not None and not is_whole(item["date"]):
        look.say("upload.answer", f"{path}.date", item["date"], "a whole number of ms since 1970")
    if item.get("committed") is not None and type(item["committed"]) is not bool:
        look.say("upload.answer", f"{path}.committed", item["committed"], "true or false")
