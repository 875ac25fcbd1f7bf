"""Secrets of many kinds, planted in every place that an exchange has, in every spelling; and a search for
what survived that knows nothing of how masking works."""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from gpharness.probing.exchanges import Exchange

SECRETS = {
    "token of a portal": "3NKHt6i2urmWtqOuugvr9SecZ_tUbgO7-fOpJpVQaCnZgjkQY0mmh1nS",
    "token of a server": "Kq8Lr2Vx5Bn1Mw7Zt4Yc9Hd3Gf6Js0Pa8Qe2Ru5Ti1Wo7..",
    "hex token": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0ZXN0ZXIiLCJpYXQiOjE3fQ.sFlKxwRJSMeKKF2QT4fwpMeJf36POk6yJV",
    "api key": "AAPK4d2f9c1e7b3a4f5e8d6c0b1a2f3e4d5cXy_z",
    "password": "correcthorse7battery",
    "odd password": 'p@ss/w:rd "x"&7+<y>',
    "foreign password": "pässwörd€9'ñ",
    "backslashes": "dom\\pass\\9word",
    "short password": "Zq7x",
    "pin": "83920174",
    "base64 secret": "mZ3+vK9/qT2Lw8xR5n+Yb7/cJ0=",
}


def exchange(**parts: object) -> Exchange:
    given: dict[str, object] = {
        "operation": "submit",
        "method": "POST",
        "url": "https://gis.example.com/arcgis/rest/services/Folder/Service/GPServer/Task/submitJob",
        "status": 200,
        "body": b'{"jobId":"j0123456789abcdef0123456789abcdef","jobStatus":"esriJobSubmitted"}',
    }
    return Exchange(**(given | parts))  # type: ignore[arg-type]


def _body(text: str, kind: str = "application/json") -> Exchange:
    return exchange(body=text.encode(), headers=(("Content-Type", kind),))


def _form(text: str, **more: object) -> Exchange:
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    return exchange(request_body=text.encode(), request_headers=headers, **more)


def _message(text: str) -> Exchange:
    job = {"jobId": "j0123456789abcdef0123456789abcdef", "jobStatus": "esriJobFailed"}
    return _body(json.dumps(job | {"messages": [{"type": "esriJobMessageTypeError", "description": text}]}))


def _layer(secret: str) -> str:
    return json.dumps(
        {"url": f"https://gis.example.com/arcgis/rest/services/L/MapServer/0?token={quote(secret, safe='')}"}
    )


def _multipart(name: str, secret: str) -> Exchange:
    body = (
        f'--XX\r\nContent-Disposition: form-data; name="f"\r\n\r\njson\r\n--XX\r\n'
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{secret}\r\n--XX--\r\n'
    )
    headers = (("Content-Type", "multipart/form-data; boundary=XX"),)
    return exchange(request_body=body.encode(), request_headers=headers)


def _b64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(each):04x}" for each in text)


HOST = "https://gis.example.com/arcgis"
PLACES: dict[str, Callable[[str], Exchange]] = {
    "query": lambda s: exchange(url=f"{HOST}/rest/services?f=json&token={quote(s, safe='')}"),
    "query, plus for blanks": lambda s: exchange(url=f"{HOST}/rest/services?f=json&token={quote_plus(s)}"),
    "fragment": lambda s: exchange(
        headers=(("Location", f"{HOST}/#access_token={quote(s, safe='')}&expires_in=3600"),)
    ),
    "parameter": lambda s: exchange(parameters={"f": "json", "token": s}),
    "parameter of another spelling": lambda s: exchange(parameters={"X-Api-Key": s}),
    "form": lambda s: _form(f"f=json&password={quote_plus(s)}&client=referer"),
    "form, secret of a client": lambda s: _form(
        f"grant_type=client_credentials&client_secret={quote(s, safe='')}"
    ),
    "form, code of OAuth": lambda s: _form(
        f"grant_type=authorization_code&code={quote(s, safe='')}&client_id=abc"
    ),
    "form, layer with a token": lambda s: _form(f"f=json&In_Layer={quote_plus(_layer(s))}"),
    "form, layer with a token, encoded twice": lambda s: _form(f"f=json&In_Layer={quote(quote(_layer(s)))}"),
    "parameter, layer with a token": lambda s: exchange(parameters={"In_Layer": _layer(s)}),
    "parameter, token beside an url": lambda s: exchange(
        parameters={"In": json.dumps({"url": f"{HOST}/x/0", "token": s})}
    ),
    "parameter, python text": lambda s: exchange(parameters={"In": str({"url": f"{HOST}/x/0", "token": s})}),
    "multipart": lambda s: _multipart("token", s),
    "multipart, json": lambda s: _multipart("In_Layer", json.dumps({"url": HOST, "token": s})),
    "json of a request": lambda s: exchange(
        request_body=json.dumps({"username": "u", "password": s}).encode(),
        request_headers=(("Content-Type", "application/json"),),
    ),
    "authorization": lambda s: exchange(request_headers=(("Authorization", f"Bearer {_header(s)}"),)),
    "x-esri-authorization": lambda s: exchange(
        request_headers=(("X-Esri-Authorization", f"Bearer {_header(s)}"),)
    ),
    "basic": lambda s: exchange(request_headers=(("Authorization", f"Basic {_b64('tester:' + s)}"),)),
    "proxy-authorization": lambda s: exchange(
        request_headers=(("Proxy-Authorization", f"Basic {_b64('tester:' + s)}"),)
    ),
    "header for keys": lambda s: exchange(request_headers=(("X-Api-Key", _header(s)),)),
    "cookie": lambda s: exchange(
        request_headers=(("Cookie", f"lang=en; agstoken={quote(s, safe='')}; x=1"),)
    ),
    "cookie of json": lambda s: exchange(
        request_headers=(("Cookie", "esri_auth=" + quote(json.dumps({"token": s, "email": "a@b.c"}))),)
    ),
    "set-cookie": lambda s: exchange(
        headers=(("Set-Cookie", f'agstoken="{quote(s, safe="")}"; Path=/arcgis; HttpOnly'),)
    ),
    "set-cookie, session": lambda s: exchange(
        headers=(("Set-Cookie", f"JSESSIONID={quote(s, safe='')}; Path=/"),)
    ),
    "referer": lambda s: exchange(
        request_headers=(("Referer", f"https://app.example.com/map?x=1&token={quote(s, safe='')}"),)
    ),
    "location": lambda s: exchange(
        headers=(("Location", f"/arcgis/rest/services?token={quote(s, safe='')}"),)
    ),
    "user in an address": lambda s: exchange(
        url=f"https://tester:{quote(s, safe='')}@gis.example.com/arcgis/rest/services"
    ),
    "user in an address of a message": lambda s: _message(
        f"Cannot open https://tester:{quote(s, safe='')}@gis.example.com/x"
    ),
    "json": lambda s: _body(json.dumps({"token": s, "expires": 1797000000000, "ssl": True})),
    "json, no ascii": lambda s: _body(json.dumps({"token": s, "expires": 1}, ensure_ascii=False)),
    "json, every letter escaped": lambda s: _body('{"token":"' + _escaped(s) + '"}'),
    "json, slashes escaped": lambda s: _body(
        json.dumps({"u": f"{HOST}/x?token={quote(s, safe='')}"}).replace("/", "\\/")
    ),
    "json, a list": lambda s: _body(json.dumps({"tokens": ["", s]})),
    "json in json": lambda s: _body(json.dumps({"value": json.dumps({"accessToken": s})})),
    "json in json in json": lambda s: _body(
        json.dumps({"v": json.dumps({"w": json.dumps({"accessToken": s})})})
    ),
    "json, an address": lambda s: _body(
        json.dumps({"value": {"url": f"{HOST}/rest/directories/x.zip?token={quote(s, safe='')}"}})
    ),
    "json, name and value": lambda s: _body(json.dumps([{"name": "token", "value": s}])),
    "json, value and name": lambda s: _body(json.dumps([{"value": s, "name": "token"}])),
    "json, hidden string": lambda s: _body(
        json.dumps({"paramName": "P", "dataType": "GPStringHidden", "value": s})
    ),
    "message, equals": lambda s: _message(f"Executing (Tool): Tool {HOST}/x?token={quote(s, safe='')} done"),
    "message, json": lambda s: _message(f"sent {json.dumps({'password': s})}"),
    "message, quoted": lambda s: (
        _message(f"password='{s}' refused") if "'" not in s else _message(f"password={json.dumps(s)} refused")
    ),
    "message, said": lambda s: _message(f"Layer not found (token {json.dumps(s)} was sent)"),
    "xml, key and value": lambda s: _body(f'<add value="{html.escape(s)}" key="apiKey"/>', "text/xml"),
    "matrix parameter": lambda s: exchange(url=f"{HOST}/rest;jsessionid={quote(s, safe='')}?f=json"),
    "set-cookie, joined": lambda s: exchange(
        headers=(("Set-Cookie", f"lang=en; Path=/, agstoken={quote(s, safe='')}; Path=/"),)
    ),
    "log of cookies": lambda s: _body(json.dumps({"Cookie": f"lang=en; agstoken={quote(s, safe='')}"})),
    "log of basic": lambda s: _body(json.dumps({"Authorization": f"Basic {_b64('tester:' + s)}"})),
    "link": lambda s: exchange(headers=(("Link", f"<{HOST}/x?token={quote(s, safe='')}>; rel=next"),)),
    "jsonp": lambda s: _body(f"callback({json.dumps({'token': s})});", "application/javascript"),
    "html, link": lambda s: _body(
        f'<a href="/arcgis/rest/services?f=json&amp;token={quote(s, safe="")}">x</a>', "text/html"
    ),
    "html, escaped link": lambda s: _body(
        f'<a href="{html.escape("/a?token=" + quote(s, safe=""))}">x</a>', "text/html"
    ),
    "html, field": lambda s: _body(
        f'<input type="hidden" name="token" value="{html.escape(s)}"/>', "text/html"
    ),
    "html, field the other way": lambda s: _body(
        f'<input value="{html.escape(s)}" name="token" type="hidden">', "text/html"
    ),
    "html, json in an attribute": lambda s: _body(
        f'<div data-x="{html.escape(json.dumps({"token": s}))}">', "text/html"
    ),
    "xml": lambda s: _body(f"<Response><Token>{html.escape(s)}</Token></Response>", "text/xml"),
    "xml, cdata": lambda s: _body(f"<a><password><![CDATA[{s}]]></password></a>", "text/xml"),
    "base64 of json": lambda s: _body(json.dumps({"state": _b64(json.dumps({"token": s}))})),
    "base64 of a form": lambda s: exchange(
        url=f"{HOST}/x?state={quote(_b64('f=json&token=' + quote(s, safe='')))}"
    ),
    "base64 for addresses": lambda s: _body(
        json.dumps({"state": urlsafe_b64encode(json.dumps({"password": s}).encode()).decode().rstrip("=")})
    ),
    "file name": lambda s: exchange(
        headers=(("Content-Disposition", f'attachment; filename="out_token={quote(s, safe="")}.zip"'),)
    ),
    "name of a result": lambda s: exchange(name=f"out.zip?token={quote(s, safe='')}"),
    "fault": lambda s: exchange(
        status=None, fault="cut", fault_text=f"connection to {HOST}?token={quote(s, safe='')} lost"
    ),
    "binary": lambda s: exchange(
        body=b"\x89PNG\0\1\2" + f"token={quote(s, safe='')} ".encode() + b"\xff\xfe\0"
    ),
}
"""What tells the secret there to be one, wherever else it may stand."""

RECURRENCES: dict[str, Callable[[str], str]] = {
    "plain": lambda s: s,
    "in an address": lambda s: quote(s, safe=""),
    "in an address, slashes as they are": lambda s: quote(s),
    "in a form": quote_plus,
    "in an address in an address": lambda s: quote(quote(s, safe=""), safe=""),
    "small escapes": lambda s: re.sub("%..", lambda each: each[0].lower(), quote(s, safe="")),
    "json": lambda s: json.dumps(s)[1:-1],
    "json, no ascii": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "json in json": lambda s: json.dumps(json.dumps(s))[3:-3],
    "html": html.escape,
    "base64": lambda s: _b64(f"a {s} b"),
    "base64, one letter on": lambda s: _b64(f"ab {s} b"),
    "base64, two letters on": lambda s: _b64(f"abc {s} b"),
}
"""How a secret that is known recurs where nothing says what it is."""


def _header(secret: str) -> str:
    return secret if secret.isascii() else quote(secret)


def survivors(secret: str, data: bytes) -> list[str]:
    """The texts, of those that the bytes can be read as, in which the secret stands; none where it cannot be
    read."""
    texts = {data.decode("utf-8", "replace"), data.decode("latin-1")}
    fresh = texts
    for _ in range(3):
        fresh = {more for text in fresh for more in _decoded(text)} - texts
        texts |= fresh
    spelt = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret)}
    found = [text for text in texts if secret in text]
    for run in {run for text in texts for run in re.findall(r"[A-Za-z0-9+/_-]{6,}", text)}:
        raws = [_unpacked(run[cut:]) for cut in range(4)]
        found += [run for raw in raws for each in spelt if each.encode() in raw]
    return found


def _unpacked(text: str) -> bytes:
    text = text.replace("-", "+").replace("_", "/")
    whole = len(text) // 4 * 4
    tail = text[whole:]
    return b64decode(text[:whole]) + (b64decode(tail + "=" * (4 - len(tail))) if len(tail) > 1 else b"")


def _decoded(text: str) -> Iterator[str]:
    yield unquote(text)
    yield unquote_plus(text)
    yield html.unescape(text)
    yield re.sub(r'\\(u[0-9a-fA-F]{4}|["\\/bfnrt])', _plain, text)


def _plain(found: re.Match[str]) -> str:
    return str(json.loads(f'"{found[0]}"'))


def parts_of(exchange: Exchange) -> dict[str, bytes]:
    """All of an exchange, as bytes."""
    return {
        "url": exchange.url.encode(),
        "parameters": json.dumps(dict(exchange.parameters)).encode(),
        "headers": "\n".join(f"{name}: {value}" for name, value in exchange.headers).encode(),
        "request headers": "\n".join(f"{name}: {value}" for name, value in exchange.request_headers).encode(),
        "body": exchange.body,
        "request body": exchange.request_body,
        "rest": f"{exchange.fault_text} {exchange.name} {exchange.task} {exchange.service}".encode(),
    }
