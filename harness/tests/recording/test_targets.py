"""What an address leads to, and which tasks a word means."""

from __future__ import annotations

import pytest
from gp_client.errors import InvalidInput
from gpharness.recording.targets import Target, is_named, target_of

ROOT = "https://gis.example.com/arcgis"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (ROOT, Target(ROOT)),
        ("https://gis.example.com", Target(ROOT)),
        (f"{ROOT}/rest/services/", Target(ROOT)),
        (f"{ROOT}/rest/services?f=json&token=abc", Target(ROOT)),
        (f"{ROOT}/rest/services/Elevation", Target(ROOT, folder="Elevation")),
        (f"{ROOT}/rest/services/A%20B", Target(ROOT, folder="A B")),
        (f"{ROOT}/rest/services/WorldViewshed/GPServer", Target(ROOT, service="WorldViewshed")),
        (
            f"{ROOT}/rest/services/Elevation/World/GPServer/View%20shed",
            Target(ROOT, service="Elevation/World", task="View shed"),
        ),
    ],
)
def test_an_address_leads_to_a_context_a_folder_a_service_or_a_task(url, expected):
    assert target_of(url) == expected


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"{ROOT}/rest/services/Elevation/World", "a service ends in /GPServer"),
        (f"{ROOT}/rest/services/W/GPServer/viewshed/jobs/j1", "GPServer/viewshed"),
        (f"{ROOT}/rest/services/W/MapServer", "GPServer"),
        ("ftp://gis.example.com", "met"),
    ],
)
def test_any_other_address_is_refused_with_a_remedy(url, says):
    with pytest.raises(InvalidInput) as refused:
        target_of(url)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("http://127.0.0.1:8585/arcgis", True),
        ("http://127.9.9.9/arcgis", True),
        ("http://localhost/arcgis", True),
        ("http://gis.localhost/arcgis", True),
        ("http://[::1]:80/arcgis", True),
        ("https://gis.example.com/arcgis", False),
        ("https://127.0.0.1.example.com/arcgis", False),
        ("https://localhost.example.com/arcgis", False),
        ("http://10.0.0.1/arcgis", False),
    ],
)
def test_only_this_machine_is_loopback(root, expected):
    assert Target(root).is_loopback is expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Elevation/World/Viewshed", True),
        ("World/Viewshed", True),
        ("viewshed", True),
        ("Elevation/World/GPServer/Viewshed", True),
        ("Elevation/*", True),
        ("View*", True),
        ("*", True),
        ("ewshed", False),
        ("World", False),
        ("Elevation", False),
    ],
)
def test_a_word_means_a_task_by_the_end_of_its_name_or_a_pattern(word, expected):
    assert is_named("Elevation/World/Viewshed", word) is expected
