"""`gpharness serve` by HTTPS, and the certificates that `--tls` makes and keeps."""

from __future__ import annotations

import json
import os
import re
import ssl
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import pytest
from cryptography import x509
from gpharness.certificates import CertificateError, own_certificate

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def names_in(file: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*held.get_values_for_type(x509.DNSName), *map(str, held.get_values_for_type(x509.IPAddress))}


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_client_that_is_told_of_the_authority_as_stderr_says_gets_answers(gpharness, tmp_path):
    folder = tmp_path / "it's here"
    running = gpharness("serve", "--port", "0", "--tls", "--tls-dir", folder)
    url = running.url()
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+/arcgis/rest/services", url)
    lines = [running.error_line() for _ in range(5)]
    assert str(folder / "ca.pem") in lines[0]
    quoted = "'" + str(folder / "ca.pem").replace("'", "'\"'\"'") + "'"
    variables = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    assert lines[1:] == [f"export {variable}={quoted}" for variable in variables]
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
    for address in (url, url.replace("127.0.0.1", "localhost")):
        with opener.open(f"{address}?f=json") as answer:
            assert "folders" in json.loads(answer.read())
    running.process.terminate()
    assert running.status() == 0
    assert running.rest_of(running.err) == []


def test_by_default_they_are_kept_for_the_user(gpharness, tmp_path):
    environment = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    running = gpharness("serve", "--port", "0", GPHARNESS_TLS="1", **environment)
    assert running.url().startswith("https://")
    (kept,) = tmp_path.rglob("ca.pem")
    assert kept.parent.name == "gpharness"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_nobody_else_can_read_the_keys(tmp_path):
    made = own_certificate(tmp_path / "new", "127.0.0.1")
    assert mode(tmp_path / "new") == 0o700
    assert mode(tmp_path / "new" / "ca-key.pem") == 0o600
    assert mode(made.server) == 0o600
    assert b"PRIVATE KEY" not in made.authority.read_bytes()
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == [
        "ca-key.pem",
        "ca.pem",
        "server.pem",
    ]


def test_the_next_server_has_the_same_certificate_unless_a_name_is_missing(tmp_path):
    own_certificate(tmp_path, "127.0.0.1", NOW)
    first = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {"localhost", "127.0.0.1", "::1"} <= names_in(tmp_path / "server.pem")
    made = own_certificate(tmp_path, "0.0.0.0", NOW)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == first
    own_certificate(tmp_path, "Gis.Example.com", NOW)
    assert "gis.example.com" in names_in(made.server)
    own_certificate(tmp_path, "192.0.2.7", NOW)
    assert {"gis.example.com", "192.0.2.7", "localhost"} <= names_in(made.server)
    assert "0.0.0.0" not in names_in(made.server)
    assert made.authority.read_bytes() == first["ca.pem"]


@pytest.mark.parametrize(("days", "renewed"), [(366, False), (368, True), (1000, True), (-2, True)])
def test_a_certificate_that_ends_soon_is_made_anew(tmp_path, days, renewed):
    server = own_certificate(tmp_path, "localhost", NOW).server
    first = server.read_bytes()
    own_certificate(tmp_path, "localhost", NOW + timedelta(days=days))
    assert (server.read_bytes() != first) is renewed


@pytest.mark.parametrize(
    "content", [b"", b"noise", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_broken_server_certificate_is_made_anew(tmp_path, content):
    server = own_certificate(tmp_path, "localhost").server
    server.write_bytes(content)
    own_certificate(tmp_path, "localhost")
    assert "localhost" in names_in(server)


def test_a_certificate_by_another_authority_is_made_anew(tmp_path):
    made = own_certificate(tmp_path, "localhost")
    made.server.write_bytes(own_certificate(tmp_path / "other", "localhost").server.read_bytes())
    own_certificate(tmp_path, "localhost")
    authority = x509.load_pem_x509_certificate(made.authority.read_bytes())
    x509.load_pem_x509_certificate(made.server.read_bytes()).verify_directly_issued_by(authority)


def test_a_broken_authority_is_named_with_the_remedy(tmp_path):
    own_certificate(tmp_path, "localhost")
    (tmp_path / "ca-key.pem").write_bytes(b"noise")
    with pytest.raises(
        CertificateError, match=r"ca-key\.pem: expected the key and certificate.*remove the file"
    ):
        own_certificate(tmp_path, "localhost")


def test_servers_that_start_at_once_make_one_authority(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda _: own_certificate(tmp_path, "localhost").authority.read_bytes(), range(8))
        )
    assert len(set(made)) == 1
    authority = x509.load_pem_x509_certificate(made[0])
    x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes()).verify_directly_issued_by(
        authority
    )


def test_a_certificate_of_ones_own_is_served_with_and_stderr_is_silent(gpharness, tmp_path):
    made = own_certificate(tmp_path / "made", "localhost")
    words = ["serve", "--port", "0", "--tls-cert", made.server, "--tls-key", made.server]
    running = gpharness(*words)
    assert running.url().startswith("https://127.0.0.1:")
    running.process.terminate()
    assert running.status() == 0
    assert running.rest_of(running.err) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tls-cert", "a.pem"], "--tls-cert a.pem needs its key: give --tls-key, too"),
        (["--tls-key", "a.pem"], "--tls-key a.pem needs its certificate: give --tls-cert, too"),
        (["--tls", "--tls-cert", "a.pem", "--tls-key", "b.pem"], "leave it out where --tls-cert gives one"),
        (
            ["--tls-cert", "a.pem", "--tls-key", "b.pem"],
            "a.pem: the certificate cannot be read: No such file",
        ),
        (["--tls", "--tls-dir", "/dev/null"], "/dev/null"),
        (["--tls", "--tls-dir", "/dev/null/below"], "choose another folder with --tls-dir"),
        (["--max-url", "0"], "--max-url"),
        (["--head-seconds", "0"], "--head-seconds"),
        (["--body-rate", "0"], "--body-rate"),
        (["--max-connections", "-1"], "--max-connections"),
    ],
)
def test_what_does_not_fit_is_status_2_and_one_line(told, words, said):
    if "/dev/null" in " ".join(words) and not os.path.exists("/dev/null"):
        pytest.skip("no /dev/null")
    status, out, errors = told("serve", "--port", "0", *words)
    assert (status, out) == (2, [])
    assert said in errors[-1]
    assert not any("Traceback" in line for line in errors)


def test_without_the_library_it_says_how_to_install_it(told, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trustme", None)
    status, _, errors = told("serve", "--port", "0", "--tls", "--tls-dir", tmp_path / "new")
    assert status == 2
    assert "pip install 'gpharness[tls]'" in errors[-1]


def test_limits_of_connections_are_options_and_variables(gpharness):
    from urllib.error import HTTPError

    url = gpharness("serve", "--port", "0", "--max-head", "500", GPHARNESS_MAX_URL="300").url()
    opener = build_opener(ProxyHandler({}))
    with opener.open(f"{url}?f=json") as answer:
        assert answer.status == 200
    with pytest.raises(HTTPError) as refused, opener.open(f"{url}?f=json&a={'x' * 300}"):
        pass
    assert refused.value.code == 414
    refused.value.close()
    opener.addheaders = [("Cookie", "x" * 500)]
    with pytest.raises(HTTPError) as refused, opener.open(f"{url}?f=json"):
        pass
    assert refused.value.code == 431
    refused.value.close()
