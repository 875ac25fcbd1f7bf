"""Reading addresses, making them, and telling whose they are."""

from __future__ import annotations

import contextlib

import pytest
from gp_client.errors import InvalidInput
from gp_client.wire.addresses import (
    Place,
    is_home,
    job_url,
    place_of,
    same_host,
    service_url,
    services_root,
    shown,
    task_url,
)
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

ROOT = "https://gis.example.com/arcgis"
SERVICE = f"{ROOT}/rest/services/Elevation/World/GPServer"


@every_case(
    ("address", "root"),
    [
        (ROOT, ROOT),
        (f" {ROOT}/ ", ROOT),
        (f"{ROOT}/rest", ROOT),
        (f"{ROOT}/rest/", ROOT),
        (f"{ROOT}/rest/info?f=json", ROOT),
        (f"{ROOT}/rest/services", ROOT),
        (f"{ROOT}/rest/services/Elevation?f=pjson#top", ROOT),
        (f"{ROOT}/REST/Services/Elevation", ROOT),
        (f"{ROOT}/services", ROOT),
        (f"{ROOT}/services/Elevation/World/GPServer?wsdl", ROOT),
        (SERVICE, ROOT),
        (f"{SERVICE}/viewshed/jobs/j123", ROOT),
        ("https://GIS.example.com:6443/arcgis", "https://gis.example.com:6443/arcgis"),
        ("https://gis.example.com:443/arcgis", ROOT),
        ("http://gis.example.com:80/", "http://gis.example.com/arcgis"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/arcgis"),
        ("http://[::1]:8000/arcgis", "http://[::1]:8000/arcgis"),
        ("http://gis.example.com/rest/services", "http://gis.example.com"),
        (
            "https://services.arcgis.com/P3eP/arcgis/rest/services/a/GPServer",
            "https://services.arcgis.com/P3eP/arcgis",
        ),
        ("https://gis.example.com/services/rest/services/X/GPServer", "https://gis.example.com/services"),
        ("https://gis.example.com/my server", "https://gis.example.com/my%20server"),
        ("https://gis.example.com/k%C3%A4rnten", "https://gis.example.com/k%C3%A4rnten"),
        ("https://kärnten.example.com/arcgis", "https://xn--krnten-bua.example.com/arcgis"),
    ],
)
def test_the_root_is_found_in_any_address_of_the_server(address: str, root: str) -> None:
    assert services_root(address) == root
    assert services_root(f"{root}/rest/services") == root


@every_case(
    "address",
    [
        "",
        "gis.example.com/arcgis",
        "ftp://gis.example.com/arcgis",
        "https:///arcgis",
        "https://[::1/arcgis",
        "https://gis.example.com:port/arcgis",
        "https://gis.example.com/arcgis\n/rest",
        "https://gis.example.com/arcgis/../admin",
        "https://gis.example.com/arcgis/%2e%2e/admin",
        "https://gis.example.com\\@evil.example/arcgis",
        "https://" + "a" * 10_000,
    ],
)
def test_what_is_no_address_of_a_server_is_refused(address: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        services_root(address)
    assert caught.value.parameter == "address"


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidInput, match="password=") as caught:
        services_root("https://tester:hunter2@gis.example.com/arcgis")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("address", [None, 7, b"https://gis.example.com/arcgis"])
def test_an_address_is_a_text(address: object) -> None:
    with pytest.raises(InvalidInput):
        services_root(address)  # type: ignore[arg-type]


@every_case(
    ("address", "place"),
    [
        (ROOT, Place(ROOT)),
        (f"{ROOT}/rest/services/Elevation", Place(ROOT)),
        (SERVICE, Place(ROOT, "Elevation/World")),
        (f"{SERVICE}/", Place(ROOT, "Elevation/World")),
        (f"{SERVICE}/uploads", Place(ROOT, "Elevation/World")),
        (f"{SERVICE}/viewshed?f=json", Place(ROOT, "Elevation/World", "viewshed")),
        (f"{SERVICE}/viewshed/submitJob", Place(ROOT, "Elevation/World", "viewshed")),
        (f"{SERVICE}/viewshed/jobs", Place(ROOT, "Elevation/World", "viewshed")),
        (
            f"{SERVICE}/911%20Calls%20Hotspot/jobs/j1/results/X",
            Place(ROOT, "Elevation/World", "911 Calls Hotspot", "j1"),
        ),
        (f"{ROOT}/services/World/GPServer", Place(ROOT, "World")),
        (f"{ROOT}/rest/services/World/gpserver/go", Place(ROOT, "World", "go")),
    ],
)
def test_an_address_is_taken_apart(address: str, place: Place) -> None:
    assert place_of(address) == place


def test_another_kind_of_service_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="MapServer"):
        place_of(f"{ROOT}/rest/services/World/MapServer")


def test_addresses_are_made_of_quoted_names() -> None:
    assert service_url(ROOT, "Elevation/World") == SERVICE
    assert service_url(ROOT, "/Elevation/World/GPServer/") == SERVICE
    assert task_url(ROOT, "Höhe/World", "Export Web Map") == (
        f"{ROOT}/rest/services/H%C3%B6he/World/GPServer/Export%20Web%20Map"
    )
    assert job_url(f"{SERVICE}/viewshed", "j1") == f"{SERVICE}/viewshed/jobs/j1"


@every_case("name", ["", "..", ".", "\ud800"])
def test_a_name_that_would_lead_elsewhere_is_refused(name: str) -> None:
    for made in (lambda: service_url(ROOT, name), lambda: job_url(SERVICE, name)):
        with pytest.raises(InvalidInput):
            made()
    assert job_url(SERVICE, "../../admin") == f"{SERVICE}/jobs/..%2F..%2Fadmin"


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_what_is_made_is_taken_apart_again(service: str, task: str, job: str) -> None:
    try:
        url = job_url(task_url(ROOT, service.replace("/", ""), task), job)
    except InvalidInput:
        return
    if service.replace("/", "").lower() == "gpserver" or task.lower() in ("uploads", "info"):
        return
    assert place_of(url) == Place(ROOT, service.replace("/", ""), task, job)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for address in (text, f"https://{text}", f"https://host/{text}"):
        shown(address)
        is_home(address, ROOT, (text,))
        with contextlib.suppress(InvalidInput):
            place_of(address)


@every_case(
    ("url", "text"),
    [
        (f"{SERVICE}?token=secret#x", SERVICE),
        ("https://tester:secret@gis.example.com/a@b", "https://gis.example.com/a@b"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_what_is_secret(url: str, text: str) -> None:
    assert shown(url) == text


@every_case(
    ("url", "root", "is_so"),
    [
        ("https://gis.example.com:6443/x", ROOT, True),
        ("https://GIS.EXAMPLE.COM/x", ROOT, True),
        ("https://gis.example.com./x", ROOT, False),
        ("https://gis.example.com/x", "https://gis.example.com./arcgis", False),
        ("https://gis.example.com./x", "https://gis.example.com./arcgis", True),
        ("http://gis.example.com/x", ROOT, False),
        ("https://gis.example.com/x", "http://gis.example.com/arcgis", True),
        ("https://files.example.com/x", ROOT, True),
        ("http://files.example.com/x", ROOT, False),
        ("https://cdn.example.com:8443/x", ROOT, True),
        ("https://cdn.example.com/x", ROOT, False),
        ("https://evil.example/x", ROOT, False),
        ("https://gis.example.com@evil.example/x", ROOT, False),
        ("https://gis.example.com.evil.example/x", ROOT, False),
        ("https://tester@gis.example.com/x", ROOT, False),
        ("ftp://gis.example.com/x", ROOT, False),
        ("//gis.example.com/x", ROOT, False),
    ],
)
def test_home_is_the_same_host_or_a_trusted_one(url: str, root: str, is_so: bool) -> None:
    assert is_home(url, root, ("Files.example.com", "cdn.example.com:8443")) is is_so


def test_the_same_host_may_have_many_ports() -> None:
    assert same_host("http://a.example:1/x", "https://A.example:2/y")
    assert not same_host("http://a.example/x", "http://b.example/x")
    assert not same_host("nonsense", "nonsense")
