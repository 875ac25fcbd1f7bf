"""Serving by HTTPS, to clients of Python, curl and Node; certificates that cannot be served with."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import httpx
import pytest
import trustme
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.server import RunningServer, serve
from gp_mockserver.tls import BadCertificate, server_context

TASK = "rest/services/Simulation/JobOutcomes/GPServer/Succeeds?f=json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of an authority and of two certificates by it."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name in ("server", "other"):
        issued = authority.issue_cert("localhost", "127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(folder / f"{name}.pem")
        issued.private_key_pem.write_to_path(folder / f"{name}-key.pem")
    (folder / "noise.pem").write_text("no certificate", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def secure(folder: Path) -> Iterator[RunningServer]:
    with serve(builtin_site(), tls=(folder / "server.pem", folder / "server-key.pem")) as running:
        yield running


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=folder / "ca.pem")


def points_to(secure: RunningServer, task: dict[str, Any]) -> bool:
    """Whether the addresses in an answer lead to the server by HTTPS."""
    return str(task["helpUrl"]).startswith(f"{secure.root}/arcgis/rest/")


def test_the_root_and_the_addresses_in_answers_say_https_to_urllib(secure, folder):
    assert secure.root.startswith("https://127.0.0.1:")
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=trusting(folder)))
    with opener.open(f"{secure.url}/{TASK}") as answer:
        assert points_to(secure, json.loads(answer.read()))


def test_httpx_reads_and_posts_on_one_connection(secure, folder):
    with httpx.Client(verify=trusting(folder), trust_env=False) as client:
        assert points_to(secure, client.get(f"{secure.url}/{TASK}").json())
        text = "x" * 3_000_000
        echo = f"{secure.url}/rest/services/DataTypes/Echo/GPServer/Echo/execute"
        answer = client.post(echo, data={"f": "json", "In_GPString": text}).json()
        (value,) = [each["value"] for each in answer["results"] if each["paramName"] == "Out_GPString"]
        assert value == text


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_curl_trusts_it(secure, folder):
    words = ["curl", "-sS", "--noproxy", "*", "--cacert", str(folder / "ca.pem"), f"{secure.url}/{TASK}"]
    done = subprocess.run(words, capture_output=True, timeout=30, check=True)
    assert points_to(secure, json.loads(done.stdout))


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node")
def test_node_trusts_it(secure, folder, monkeypatch):
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(folder / "ca.pem"))
    script = "require('https').get(process.argv[1], answer => answer.pipe(process.stdout))"
    words = ["node", "-e", script, f"{secure.url}/{TASK}"]
    done = subprocess.run(words, capture_output=True, timeout=30, check=True)
    assert points_to(secure, json.loads(done.stdout))


def test_a_client_that_does_not_know_the_authority_refuses_it(secure, caplog):
    with (
        httpx.Client(trust_env=False) as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY"),
    ):
        client.get(secure.root)
    assert caplog.records == []


def handshake(secure: RunningServer, folder: Path, version: ssl.TLSVersion) -> str | None:
    """The version that a client which knows only this one comes to."""
    address = urlsplit(secure.root)
    context = trusting(folder)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with (
        closing(socket.create_connection((address.hostname or "", address.port or 0), timeout=10)) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as wrapped,
    ):
        return wrapped.version()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_older_than_1_2_is_refused(secure, folder, caplog):
    assert handshake(secure, folder, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert handshake(secure, folder, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with pytest.raises(ssl.SSLError):
        handshake(secure, folder, ssl.TLSVersion.TLSv1_1)
    assert caplog.records == []


def test_plain_http_and_noise_on_its_port_leave_no_trace_and_do_not_stop_it(secure, folder, caplog):
    address = urlsplit(secure.root)
    for sent in (b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", bytes(range(256)) * 8, b"\x16\x03\x01\x02\x00"):
        with closing(socket.create_connection((address.hostname, address.port), timeout=10)) as raw:
            raw.sendall(sent)
    assert handshake(secure, folder, ssl.TLSVersion.TLSv1_3)
    assert caplog.records == []


def test_what_no_server_takes_is_answered_with_a_page_by_https_too(secure, folder):
    address = urlsplit(secure.root)
    with (
        closing(socket.create_connection((address.hostname, address.port), timeout=10)) as raw,
        trusting(folder).wrap_socket(raw, server_hostname="localhost") as wrapped,
    ):
        wrapped.sendall(b"hello\r\n\r\n")
        assert wrapped.recv(1000).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_an_ssl_context_of_ones_own_is_served_with(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "other.pem", folder / "other-key.pem")
    with serve(builtin_site(), tls=context) as running, httpx.Client(verify=trusting(folder)) as client:
        assert points_to(running, client.get(f"{running.url}/{TASK}").json())


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        ("nowhere.pem", "server-key.pem", "nowhere.pem: the certificate cannot be read: No such file"),
        ("server.pem", "nowhere.pem", "nowhere.pem: the key cannot be read: No such file"),
        (".", "server-key.pem", "the certificate cannot be read: Is a directory"),
        ("server.pem", "other-key.pem", "other-key.pem is not the key of the certificate"),
        ("noise.pem", "server-key.pem", "noise.pem: expected a certificate in PEM form"),
        ("server-key.pem", "server.pem", "server-key.pem: expected a certificate in PEM form"),
        ("server.pem", "noise.pem", "noise.pem: expected a key in PEM form"),
    ],
)
def test_files_that_do_not_make_a_pair_are_refused_by_name(folder, certificate, key, said):
    with pytest.raises(BadCertificate) as refused:
        server_context((folder / certificate, folder / key))
    assert said in str(refused.value)


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_a_key_with_a_password_is_refused_without_asking_for_it(folder):
    locked = folder / "locked.pem"
    words = ["openssl", "pkey", "-in", folder / "server-key.pem", "-aes256", "-passout", "pass:secret"]
    subprocess.run([*words, "-out", locked], check=True, timeout=30)
    with pytest.raises(BadCertificate, match="the key is locked by a password"):
        server_context((folder / "server.pem", locked))
