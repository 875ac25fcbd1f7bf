"""The addresses that ImportToolbox takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from gp_client.arcpy_style.toolbox_addresses import ToolboxAddress, toolbox_address
from gp_client.errors import InvalidInput
from hypothesis import given
from hypothesis import strategies as st

from every_case import every_case

ROOT = "http://gis.example.com:6080/arcgis"
SOAP = f"{ROOT}/services"


def read(text: object, server: str | None = None, *, instead: bool = False) -> ToolboxAddress:
    return toolbox_address(text, server=server, instead=instead)


@every_case(
    ("text", "expected"),
    [
        (f"{SOAP};GPFolder/BufferService", ToolboxAddress(ROOT, "GPFolder/BufferService")),
        (f"{SOAP}/;BufferService", ToolboxAddress(ROOT, "BufferService")),
        (f" {SOAP} ; BufferService ", ToolboxAddress(ROOT, "BufferService")),
        (
            "https://machine.example.com/webadaptor/services;S",
            ToolboxAddress("https://machine.example.com/webadaptor", "S"),
        ),
        (f"{SOAP};F/S;ann;s3cret", ToolboxAddress(ROOT, "F/S", user="ann", password="s3cret")),
        (f"{SOAP};F/S;ann;a;b", ToolboxAddress(ROOT, "F/S", user="ann", password="a;b")),
        (f"{SOAP};S;UseSSOIdentityIfPortalOwned", ToolboxAddress(ROOT, "S", single_sign_on=True)),
        (f"{SOAP};S;token=abc", ToolboxAddress(ROOT, "S", token="abc")),
        (
            f"{SOAP};S;token=a=b;http://me.example.com",
            ToolboxAddress(ROOT, "S", token="a=b", referer="http://me.example.com"),
        ),
    ],
)
def test_an_address_is_taken_apart(text: str, expected: ToolboxAddress) -> None:
    found = read(text)
    assert all(getattr(found, name) == getattr(expected, name) for name in ToolboxAddress.__struct_fields__)


def test_an_address_without_a_server_is_on_that_of_the_surroundings() -> None:
    found = read(";Elevation/ESRI_Elevation_World", "http://127.0.0.1:8585/arcgis/rest/services")
    assert (found.root, found.service) == ("http://127.0.0.1:8585/arcgis", "Elevation/ESRI_Elevation_World")
    assert read(f"{SOAP};S", "http://127.0.0.1:8585/arcgis").root == ROOT


def test_a_server_may_stand_instead_of_all_others() -> None:
    found = read(f"{SOAP};S;ann;s3cret", "http://127.0.0.1:8585/arcgis", instead=True)
    assert (found.root, found.service, found.user) == ("http://127.0.0.1:8585/arcgis", "S", "ann")
    assert read("c:/x/server.ags;S", "http://127.0.0.1:8585/arcgis", instead=True).service == "S"


@every_case(
    ("text", "said"),
    [
        (None, "a NoneType"),
        ("", "without a semicolon"),
        (SOAP, "without a semicolon"),
        ("c:/tools/mine.tbx", "toolbox file"),
        (f"{SOAP};", "without a service"),
        (";Elevation/World", "gpharness arcpy --server URL"),
        (";Elevation/World", "GPHARNESS_ARCPY_SERVER"),
        ("gis;Buffers", "begins with http"),
        (f"{ROOT}/rest/services;S", f"write {SOAP}"),
        (f"{SOAP};S;ann", "<user>;<password>"),
        (f"{SOAP};S;token=", "token= without a token"),
        ("http://exa mple/arcgis/services;S", "an address such as"),
        ("nowhere.ags;S", "nowhere.ags"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(text: object, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    assert said in str(caught.value)


def test_neither_an_address_nor_its_errors_show_a_password() -> None:
    assert "s3cret" not in repr(read(f"{SOAP};S;ann;s3cret"))
    assert "s3cret" not in repr(read(f"{SOAP};S;token=s3cret"))
    for text in (f"{SOAP};S;s3cret", f"{ROOT}/rest/services;S;ann;s3cret", f"http://ann:s3cret@h{SOAP};S"):
        with pytest.raises(InvalidInput) as caught:
            read(text)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le"])
def test_a_connection_file_names_its_server(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "logistics.ags"
    told = f"ServerConnection\0URL\0https://gis.example.com/arcgis/services\0user\0ann\0{SOAP[:0]}"
    file.write_bytes(b"\xd0\xcf\x11\xe0\x01" + told.encode(encoding))
    found = read(f"{file};World/ServiceAreas")
    assert (found.root, found.service) == ("https://gis.example.com/arcgis", "World/ServiceAreas")


@pytest.mark.parametrize(
    "content", [b"", b"no address", b"http://a.example.com/services http://b.example.com/services"]
)
def test_a_connection_file_that_is_not_clear_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.ags"
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match="write the server's address instead"):
        read(f"{file};S")


@pytest.mark.parametrize(
    ("service", "alias"),
    [("World/ServiceAreas", "ServiceAreas"), ("15_Names/Odd-Names", "Odd_Names"), ("2024", "_2024")],
)
def test_without_an_alias_the_services_name_is_one(service: str, alias: str) -> None:
    assert read(f"{SOAP};{service}").default_alias == alias


@given(st.text(max_size=80) | st.text(max_size=30).map(lambda text: f"{SOAP};{text}"))
def test_any_text_is_an_address_or_invalid_input(text: str) -> None:
    try:
        found = read(text, "http://127.0.0.1:1/arcgis")
    except InvalidInput:
        return
    assert found.default_alias.isidentifier()
