"""An app's own configuration as a site file that serves what the app asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from gp_mockserver.configuration.site_files import load_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gpharness.importing.widgets import site_file_of
from gpharness.in_process import SiteTransport

ROOT = "https://gis.example.gov/server"
SCHEMA = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4326},
    "fields": [{"name": "Id", "type": "esriFieldTypeInteger", "alias": "Id", "visible": False}],
}
ZONES = {
    "taskUrl": f"{ROOT}/rest/services/Planning/Zones/GPServer/Draw%20Zones?token=very-secret",
    "helpUrl": f"{ROOT}/rest/directories/arcgisoutput/Zones.htm",
    "isSynchronous": True,
    "shareResults": False,
    "updateDelay": 1000,
    "useResultMapServer": False,
    "serverInfo": {
        "currentVersion": 10.81,
        "url": f"{ROOT}/rest/services/Planning/Zones/GPServer/",
        "hasResultMapServer": False,
        "resultMapServerName": "",
        "supportsUpload": True,
        "maxUploadFileSize": 2048,
    },
    "inputParams": [
        {
            "name": "Places",
            "label": "Click the map",
            "dataType": "GPFeatureRecordSetLayer",
            "defaultValue": SCHEMA,
            "required": True,
            "visible": True,
            "tooltip": "Where: a point",
            "featureSetMode": "draw",
            "symbol": {"type": "esriSMS", "color": [1, 2, 3, 255]},
        },
        {
            "name": "Reach",
            "label": "How far",
            "dataType": "GPLinearUnit",
            "defaultValue": {"distance": 5, "units": "esriMiles"},
            "required": False,
        },
        {
            "name": "Kind",
            "label": "Kind",
            "dataType": "GPString",
            "defaultValue": "noise",
            "required": False,
            "choiceList": ["noise", "dust"],
        },
    ],
    "outputParams": [
        {"name": "Zone", "label": "Zone", "dataType": "GPFeatureRecordSetLayer", "popup": {"title": "x"}},
        {"name": "Report", "dataType": "GPDataFile"},
    ],
    "layerOrder": ["Places", "Zone"],
}
REPORT_TASK = {
    "name": "MakeReport",
    "displayName": "Make Report",
    "description": "Reports.",
    "executionType": "esriExecutionTypeAsynchronous",
    "helpUrl": "",
    "parameters": [
        {
            "name": "Title",
            "dataType": "GPString",
            "displayName": "Title",
            "direction": "esriGPParameterDirectionInput",
            "defaultValue": "",
            "parameterType": "esriGPParameterTypeRequired",
            "category": "",
        },
        {
            "name": "Pages",
            "dataType": "GPLong",
            "displayName": "Pages",
            "direction": "esriGPParameterDirectionInput",
            "defaultValue": 3,
            "parameterType": "esriGPParameterTypeOptional",
            "filter": {"type": "range", "minimum": 1, "maximum": 9},
        },
        {
            "name": "Document",
            "dataType": "GPString",
            "displayName": "Document",
            "direction": "esriGPParameterDirectionOutput",
            "parameterType": "esriGPParameterTypeDerived",
        },
    ],
}
EXPERIENCE = {
    "exbVersion": "1.15.0",
    "utilities": {
        "utility_1": {
            "id": "utility_1",
            "label": "Reports",
            "type": "GPService",
            "url": f"{ROOT}/rest/services/Reports/GPServer",
            "tasks": [{"name": "Make Report", "label": "Make Report"}],
        },
        "utility_2": {"label": "Routes", "url": f"{ROOT}/rest/services/Routing/Routes/GPServer/FindRoutes"},
    },
    "widgets": {
        "widget_3": {
            "uri": "widgets/arcgis/analysis/",
            "version": "1.15.0",
            "useUtilities": [{"utilityId": "utility_1", "task": "Make Report"}],
            "config": {
                "toolList": [
                    {
                        "id": "a1",
                        "toolName": "Make Report",
                        "type": "Custom",
                        "config": {
                            "utility": {"utilityId": "utility_1", "task": "Make Report"},
                            "toolInfo": REPORT_TASK,
                            "option": {"toolDisplayName": "Write it down"},
                        },
                    },
                    {"id": "b2", "toolName": "CreateBuffers", "type": "Standard", "config": {}},
                ]
            },
        }
    },
}
APP = {
    "title": "Zones of the town",
    "wabVersion": "2.20",
    "map": {"itemId": "0123456789abcdef", "portalUrl": "https://www.example.com/"},
    "widgetPool": {
        "widgets": [
            {"uri": "widgets/Geoprocessing/Widget", "label": "Zones", "index": 2, "config": ZONES},
            {
                "uri": "widgets/Geoprocessing/Widget",
                "label": "Other zones",
                "config": {**ZONES, "taskUrl": f"{ROOT}/rest/services/Planning/Zones/GPServer/Other"},
            },
            {
                "uri": "widgets/Geoprocessing/Widget",
                "label": "Elsewhere",
                "config": "configs/Geoprocessing/config_Elsewhere.json",
            },
            {
                "uri": "widgets/Print/Widget",
                "config": {"serviceURL": f"{ROOT}/rest/services/Utilities/PrintingTools/GPServer/Export"},
            },
        ],
        "groups": [],
    },
}


class Served:
    """The site of a site file, asked for JSON."""

    def __init__(self, text: str, folder: Path) -> None:
        file = folder / "site.yaml"
        file.write_text(text, encoding="utf-8")
        self.site = load_site(file, clock=JumpingClock())
        self._http = httpx.Client(transport=SiteTransport(self.site))

    def ask(self, path: str, **parameters: str) -> Any:
        url = f"https://any.example.org/{self.site.context}/rest/services/{path}"
        return self._http.post(url, data={"f": "json", **parameters}).json()


@pytest.fixture
def served(tmp_path: Path) -> Any:
    opened: list[Served] = []

    def serve(data: Any) -> Served:
        opened.append(Served(site_file_of(data), tmp_path))
        return opened[-1]

    yield serve
    for each in opened:
        each._http.close()
        each.site.close()


def test_a_widget_of_web_appbuilder_is_served_under_the_address_that_it_asks(served):
    site = served(ZONES)
    assert site.site.context == "server"
    task = site.ask("Planning/Zones/GPServer/Draw Zones")
    told = [
        (each["name"], each["dataType"], each["parameterType"][len("esriGPParameterType") :])
        for each in task["parameters"]
    ]
    assert told == [
        ("Places", "GPFeatureRecordSetLayer", "Required"),
        ("Reach", "GPLinearUnit", "Optional"),
        ("Kind", "GPString", "Optional"),
        ("Zone", "GPFeatureRecordSetLayer", "Derived"),
        ("Report", "GPDataFile", "Derived"),
    ]
    assert task["parameters"][2]["choiceList"] == ["noise", "dust"]
    service = site.ask("Planning/Zones/GPServer")
    assert (service["currentVersion"], service["capabilities"]) == (10.81, "Uploads")
    point = json.dumps({"features": [{"geometry": {"x": 1, "y": 2}}]})
    answer = site.ask("Planning/Zones/GPServer/Draw Zones/execute", Places=point)
    assert [each["paramName"] for each in answer["results"]] == ["Zone", "Report"]


def test_what_is_guessed_stands_as_a_comment_and_what_is_secret_does_not_stand_there():
    text = site_file_of(ZONES)
    assert (
        "# guess: the default: it is the app's, and may not be the server's\n          - name: \"Reach\""
        in text
    )
    assert 'name: "Draw Zones"  # guess: it is the one in the address' in text
    assert "secret" not in text
    unsure = {
        "taskUrl": ZONES["taskUrl"],
        "inputParams": [{"name": "A", "dataType": "GPThing"}],
        "outputParams": [],
    }
    text = site_file_of(unsure)
    for guess in (
        'executionType: "asynchronous"  # guess: it is not told',
        "# guess: the data type: met 'GPThing'",
        "# guess: that it is optional",
        "# no output is told: a job of it has no results",
    ):
        assert guess in text


def test_a_tool_of_experience_builder_is_served_by_its_utilitys_address(served):
    site = served(EXPERIENCE)
    job = site.ask("Reports/GPServer/Make Report/submitJob", Title="Roads")
    place = f"Reports/GPServer/Make Report/jobs/{job['jobId']}"
    for _ in range(9):
        state = site.ask(place)
    assert state["jobStatus"] == "esriJobSucceeded"
    assert site.ask(f"{place}/results/Document")["dataType"] == "GPString"
    refused = site.ask("Reports/GPServer/Make Report/submitJob", Title="Roads", Pages="12")
    assert refused["error"]["code"] == 400
    assert site.ask("Reports/GPServer/Make Report")["name"] == "MakeReport"


def test_a_whole_app_has_all_its_widgets_and_says_what_could_not_be_used(served):
    site = served(APP)
    assert site.ask("Planning/Zones/GPServer")["tasks"] == ["Draw Zones", "Other"]
    text = site_file_of(APP)
    assert "the configuration of Elsewhere stands in configs/Geoprocessing/config_Elsewhere.json" in text
    assert "PrintingTools/GPServer/Export: its parameters are not told" in text
    text = site_file_of(EXPERIENCE)
    assert "CreateBuffers is one of the portal's own tools" in text
    assert "utilities.utility_2.url" in text


def tool(**changes: Any) -> dict[str, Any]:
    return {**ZONES, **changes}


def parameter(**changes: Any) -> dict[str, Any]:
    return tool(inputParams=[{"name": "A", "dataType": "GPString", "required": False, **changes}])


VARIANTS = {
    "no server info": tool(serverInfo=None),
    "an unknown version": tool(serverInfo={"currentVersion": 99.9}),
    "a result map without a name": tool(isSynchronous=False, useResultMapServer=True),
    "an address without a scheme": tool(
        taskUrl="//gis.example.gov/arcgis/rest/services/Zones/GPServer/Zones"
    ),
    "an address with a slash at its end": tool(taskUrl=f"{ROOT}/rest/services/Zones/GPServer/Zones/"),
    "an old address in capitals": tool(
        taskUrl="http://gis.example.gov/ArcGIS/rest/services/Z/GPServer/Zones"
    ),
    "a relative address": tool(taskUrl="/server/rest/services/Zones/GPServer/Zones"),
    "no address": tool(taskUrl="", label="Zones", serverInfo={}),
    "a default beside the choices": parameter(defaultValue="c", choiceList=["a", "b"]),
    "choices as pairs": parameter(choiceList=[{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]),
    "a default of another type": parameter(dataType="GPLong", defaultValue="many"),
    "a type in lower case": parameter(dataType="gpmultivalue:gpstring", defaultValue=["a"]),
    "a filter that no server has": parameter(filter={"type": "colour", "list": []}),
    "a null default": parameter(defaultValue=None),
    "a name with signs": parameter(name="Informe_Patrón_°"),
    "texts that end a line": parameter(label='a\n"b": #c\x85\u2028', tooltip="- x: [y"),
    "a parameter that is none": tool(
        inputParams=[None, "x", {"dataType": "GPString"}, *ZONES["inputParams"]]
    ),
    "the same parameter twice": tool(outputParams=ZONES["outputParams"] * 2),
    "a list of configurations": [ZONES, EXPERIENCE],
    "a tool in the widget itself": {"config": {"tool": {"url": ZONES["taskUrl"], **REPORT_TASK}}},
}


@pytest.mark.parametrize("data", VARIANTS.values(), ids=VARIANTS)
def test_variants_make_a_site_file_that_loads(served, data):
    site = served(data)
    (service, *_) = site.site.services.values()
    (task, *_) = service.tasks.values()
    assert task.descriptor.outputs
    verb = "execute" if service.is_synchronous else "submitJob"
    given = {"Places": json.dumps({"features": [{"geometry": {"x": 1, "y": 2}}]}), "Title": "x"}
    answer = site.ask(f"{service.name}/GPServer/{task.descriptor.label}/{verb}", **given)
    assert ("results" if verb == "execute" else "jobId") in answer


@pytest.mark.parametrize(
    "data", [{}, [], {"title": "An app", "widgets": {}}, {"utilities": EXPERIENCE["utilities"]}, 5]
)
def test_a_configuration_without_a_tool_is_refused(data):
    with pytest.raises(ValueError, match="no geoprocessing tool"):
        site_file_of(data)


def test_a_site_file_is_yaml_and_the_same_each_time():
    assert site_file_of(APP) == site_file_of(json.loads(json.dumps(APP)))
    data = yaml.safe_load(site_file_of(APP))
    assert list(data) == ["context", "services"]
