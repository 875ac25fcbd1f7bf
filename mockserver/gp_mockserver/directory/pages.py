"""The HTML form of a resource: plain, readable pages in the shape that clients which read HTML know.

A page has a title, breadcrumbs, the page's links and lines, and the JSON value as nested lists. Everything
that comes from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

import msgspec
from gp_protocol.error_envelopes import ErrorEnvelope
from gp_protocol.json_text import encode_json

from gp_mockserver.sites import Site
from gp_mockserver.wire.addresses import Address
from gp_mockserver.wire.replies import AnyReply, JobReply, Reply
from gp_mockserver.wire.requests import Request

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "a{color:#0a58a5}h2{line-height:1.2}li{overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{background:#16181c;color:#e4e6ea}a{color:#8ec1f5}}"
)
_MAX_ITEMS = 100


def page(reply: AnyReply, request: Request) -> bytes:
    """A resource's page as UTF-8, with CRLF line ends as servers send it."""
    address = request.address
    title = f"{address.operation}: {address.name or address.job_id}"
    lines = [f"<h2>{escape(title)}</h2>", '<div class="rbody">']
    if isinstance(reply, JobReply):
        title = f"Job Details: {reply.record.job_id} ({request.task.descriptor.label})"
        lines.append(f"Job Status: {reply.state.status}<br/>")
        lines += [f"{escape(f'{each.type}: {each.description}')}<br/>" for each in reply.state.messages]
    if isinstance(reply, Reply):
        lines += _listed(msgspec.to_builtins(reply.value, enc_hook=str))
    lines.append("</div>")
    return _document(title, _breadcrumbs(address, request.rest_root), lines)


def error_page(envelope: ErrorEnvelope, site: Site, address: Address | None, root: str) -> bytes:
    """The page of an error: its message, code and details."""
    rest_root = f"{root}/rest"
    title = f"Error: {envelope.message}"
    lines = [
        '<div class="cbody">',
        f"<b>Error: </b>{escape(envelope.message)}<br/>",
        f"<b>Code: </b>{envelope.code}<br/><br/>",
        *(f'<div style="color:#c0392b">{escape(detail)}</div>' for detail in envelope.details),
        "</div>",
    ]
    return _document(title, _breadcrumbs(address, rest_root), lines)


def site_list(links: Sequence[tuple[str, str]]) -> bytes:
    """The page at the root of a server that serves several sites."""
    lines = ["<h2>Sites</h2>", "<ul>"]
    lines += [f'<li><a href="{escape(href)}">{escape(text)}</a></li>' for text, href in links]
    return _document("Sites", [], [*lines, "</ul>"])


def _document(title: str, breadcrumbs: Sequence[str], lines: Sequence[str]) -> bytes:
    head = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8"/><meta name="viewport" content="width=device-width"/>',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
    ]
    return "\r\n".join([*head, *breadcrumbs, *lines, "</body>", "</html>", ""]).encode()


def _breadcrumbs(address: Address | None, rest_root: str) -> list[str]:
    here = f"{rest_root}/services"
    crumbs = [("Home", here)]
    if address and address.service:
        folder, _, _ = address.service.name.rpartition("/")
        if folder:
            crumbs.append((folder, f"{here}/{quote(folder)}"))
        here = f"{here}/{quote(address.service.name)}/GPServer"
        crumbs.append((f"{address.service.name} (GPServer)", here))
    if address and address.task:
        here = f"{here}/{quote(address.task.descriptor.label)}"
        crumbs.append((address.task.descriptor.label, here))
    if address and address.job_id:
        crumbs.append((address.job_id, f"{here}/jobs/{quote(address.job_id)}"))
    trail = " &gt; ".join(f'<a href="{escape(href)}">{escape(text)}</a>' for text, href in crumbs)
    return [f'<div class="breadcrumbs">{trail}</div>']


def _listed(value: Any) -> list[str]:
    """A JSON value as nested lists; long lists are cut, which the page says."""
    if isinstance(value, Mapping):
        items = [(f"<b>{escape(str(key))}:</b> ", each) for key, each in value.items()]
    elif isinstance(value, list | tuple):
        items = [("", each) for each in value]
    else:
        return [escape(value if isinstance(value, str) else encode_json(value).decode())]
    lines = ["<ul>"]
    for label, each in items[:_MAX_ITEMS]:
        lines += [f"<li>{label}", *_listed(each), "</li>"]
    if len(items) > _MAX_ITEMS:
        lines.append(f"<li>… and {len(items) - _MAX_ITEMS} more</li>")
    return [*lines, "</ul>"]
