"""What of an answer stands in an error: no secrets, whatever they are written in, and wherever it is cut."""

from __future__ import annotations

import time

import pytest
from gp_client.errors import HTTPError, ProtocolViolation, ServerError
from gp_client.reading.answers import read_answer
from gp_client.reading.envelopes import error_in
from gp_client.reading.pages import page_in
from gp_client.reading.quoting import beginning, masked, quoted
from scripted import answer

from every_case import every_case

MASKED: dict[str, tuple[str, str]] = {
    "an address": ("a?token=abc&f=json", "a?token=***&f=json"),
    "an address in HTML": ("a?token=ab&lt;cd&amp;f=json x", "a?token=***&amp;f=json x"),
    "an address in HTML, the token last": ("a?token=ab&#60;cd&#x3e;&quot; x", "a?token=*** x"),
    "an ampersand of the token in HTML": ("token=ab&amp;cd x", "token=*** x"),
    "an address within an address": ("u=a%3Ftoken%3Dabc x", "u=a%3Ftoken%3D*** x"),
    "an address within that": ("u=a%253Ftoken%253Dabc x", "u=a%253Ftoken%253D*** x"),
    "quotes in an address": ('token="abc" x', 'token="***" x'),
    "JSON": ('{"token": "a b", "x": 1}', '{"token": "***", "x": 1}'),
    "JSON in JSON": ('{\\"token\\": \\"abc\\", 1', '{\\"token\\": \\"***\\", 1'),
    "JSON in HTML": ("&quot;token&quot;: &quot;abc&quot;, 1", "&quot;token&quot;: &quot;***&quot;, 1"),
    "JSON in HTML, twice so": (
        "&amp;quot;password&amp;quot;:&amp;quot;a b&amp;quot; 1",
        "&amp;quot;password&amp;quot;:&amp;quot;***&amp;quot; 1",
    ),
    "JSON with its quotes doubled": ('""token"": ""a"" 1', '""token"": ""***"" 1'),
    "an empty one": ('"token": "", "x": 1', '"token": "***", "x": 1'),
    "JSON in an address": ("%22token%22%3A%20%22abc%22%7D", "%22token%22%3A%20%22***%22%7D"),
    "XML": ("<token>abc</token>", "<token>***</token>"),
    "XML in HTML": ("&lt;token&gt;abc&lt;/token&gt;", "&lt;token&gt;***&lt;/token&gt;"),
    "a header": ("Bearer abcdefgh x", "Bearer *** x"),
    "a header in an address": ("Bearer%20abcdefgh x", "Bearer%20*** x"),
    "words": ("Invalid token: expired, a token is required", "Invalid token: expired, a token is required"),
}


@every_case(("text", "safe"), MASKED.values(), ids=MASKED.keys())
def test_tokens_are_masked_in_any_writing(text: str, safe: str) -> None:
    assert masked(text) == safe


@every_case("before", range(0, 220, 3))
@every_case("sign", ["token=", '"token": "', "Bearer ", "&quot;token&quot;: &quot;"])
def test_a_cut_is_made_after_masking_and_shows(before: int, sign: str) -> None:
    secret = "Zq9" * 400
    text = "z" * before + " " + sign + secret
    for line in (quoted(text), quoted(text, 60), beginning(text, 200)):
        assert "Zq9" not in line
        assert line.endswith(("…", "***", '***"', "***&quot;"))


def test_a_text_of_which_not_all_was_looked_at_says_so() -> None:
    assert quoted("x" + " " * 500 + "y") == "x y"
    assert quoted("x" + " " * 5000 + "y") == "x…"
    for blanks, shown in ((5000, "x y"), (50_000, "x …"), (100_000, "x …")):
        page = page_in(b"<html><body>x" + b" " * blanks + b"y</body></html>", "text/html")
        assert page is not None
        assert page.text == shown


def test_the_cut_of_what_is_repeated_shows() -> None:
    """So that what is left of a secret, which is masked later, can be told."""
    bare = "a" * 30 + "Zq9" * 100
    with pytest.raises(ProtocolViolation) as caught:
        read_answer(answer('{"a": ' + bare + "}"))
    assert caught.value.met.startswith(bare[:59] + "… at character")
    with pytest.raises(HTTPError) as refused:
        read_answer(answer(bare, status=500, content_type="text/plain"))
    assert refused.value.beginning == bare[:199] + "…"
    page = page_in(b"<html><title>" + bare.encode() * 10, "text/html")
    assert page is not None
    assert page.title == bare[:199] + "…"


PIECES = [
    "token=x ",
    '"token" ',
    'token":',
    'token:"',
    "&amp;amp;",
    "token=&amp;",
    "token%25",
    "%25",
    "<",
    "\\",
    "passwordtoken",
    "token   :   ",
    "Bearer ",
    "token&#0",
    "token %20",
    "0",
]


@every_case("piece", PIECES)
@every_case("start", ["", "token", "token&#", "Bearer"])
def test_masking_takes_no_longer_for_hostile_texts(piece: str, start: str) -> None:
    began = time.process_time()
    masked(start + piece * (65_536 // len(piece)))
    assert time.process_time() - began < 1


def test_an_error_as_large_as_an_answer_may_be_is_told_in_part() -> None:
    began = time.process_time()
    long = error_in({"error": {"code": 500, "message": "token=x " * 4_000_000}}, url="http://h/a")
    many = error_in({"error": {"code": 500, "message": "x", "details": ["token=y"] * 2_000_000}}, url="")
    assert time.process_time() - began < 3
    assert isinstance(long, ServerError)
    assert len(long.message) <= 65_536
    assert long.message.endswith("…")
    assert isinstance(many, ServerError)
    assert many.details[0] == "token=***"
    assert len(many.details) == 1001
    assert many.details[-1] == "… and 1999000 more"
    assert len(str(many.report())) < 1_000_000
