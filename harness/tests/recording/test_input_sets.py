"""With which inputs a task is run."""

from __future__ import annotations

import json

import pytest
from gp_client.descriptors import read_task
from gp_client.errors import InvalidInput
from gp_client.inputs.inputs import encode_inputs
from gpharness.client_access import Unreadable
from gpharness.recording.input_files import read_input_sets
from gpharness.recording.input_sets import (
    NoInputs,
    default_inputs,
    generated_inputs,
    given_inputs,
    inputs_of_a_set,
)

URL = "https://gis.example.com/arcgis/rest/services/S/GPServer/T"


def parameter(name, data_type="GPString", required=True, default=None, **more):
    kind = "Required" if required else "Optional"
    return {
        "name": name,
        "dataType": data_type,
        "direction": "esriGPParameterDirectionInput",
        "parameterType": f"esriGPParameterType{kind}",
        "defaultValue": default,
        **more,
    }


def task(*parameters):
    return read_task(
        {
            "name": "T",
            "executionType": "esriExecutionTypeAsynchronous",
            "parameters": list(parameters),
        },
        URL,
        None,
    )


EVERY_TYPE = task(
    parameter("Text", choiceList=["a", "b"]),
    parameter("Count", "GPLong", filter={"type": "range", "minimum": 3, "maximum": 5}),
    parameter("Ratio", "GPDouble", required=False),
    parameter("Flag", "GPBoolean", required=False),
    parameter("Day", "GPDate", required=False),
    parameter("Far", "GPLinearUnit", required=False),
    parameter("Points", "GPFeatureRecordSetLayer", default={"geometryType": "esriGeometryPoint"}),
    parameter("Rows", "GPRecordSet", required=False),
    parameter("Many", "GPMultiValue:GPString", required=False, choiceList=["x", "y"]),
    parameter("File", "GPDataFile", required=False),
    parameter("esri_out_feature_service_name", required=False),
    parameter("context", required=False),
)


def test_a_task_whose_required_inputs_have_defaults_runs_without_any():
    described = task(parameter("A", default="x"), parameter("B", required=False))
    assert default_inputs(described).texts(described) == {}


def test_a_task_without_a_default_says_what_it_needs():
    with pytest.raises(
        NoInputs, match=r"needs A \(GPString\), P \(GPFeatureRecordSetLayer\); give its inputs"
    ):
        default_inputs(
            task(parameter("A"), parameter("P", "GPFeatureRecordSetLayer", default={"features": []}))
        )


def test_generated_inputs_are_valid_and_the_same_for_a_seed():
    first = [each.texts(EVERY_TYPE) for each in generated_inputs(EVERY_TYPE, 12, 7)]
    again = [each.texts(EVERY_TYPE) for each in generated_inputs(EVERY_TYPE, 12, 7)]
    other = [each.texts(EVERY_TYPE) for each in generated_inputs(EVERY_TYPE, 12, 8)]
    assert first == again
    assert first != other
    assert len({json.dumps(each) for each in first}) > 6
    for each in first:
        assert each["Text"] in ("a", "b")
        assert 3 <= int(each["Count"]) <= 5
        assert json.loads(each["Points"])["geometryType"] == "esriGeometryPoint"


def test_fewer_sets_are_the_first_of_more():
    three = [each.texts(EVERY_TYPE) for each in generated_inputs(EVERY_TYPE, 3, 1)]
    five = [each.texts(EVERY_TYPE) for each in generated_inputs(EVERY_TYPE, 5, 1)]
    assert five[:3] == three


def test_the_first_generated_set_gives_every_input_that_can_be_made_up():
    texts = next(iter(generated_inputs(EVERY_TYPE, 1, 0))).texts(EVERY_TYPE)
    assert set(texts) == {"Text", "Count", "Ratio", "Flag", "Day", "Far", "Points", "Rows", "Many"}


def test_nothing_is_generated_that_would_publish_a_service():
    for each in generated_inputs(EVERY_TYPE, 20, 3):
        assert not {"esri_out_feature_service_name", "context"} & set(each.values)


def test_a_required_file_cannot_be_generated():
    with pytest.raises(NoInputs, match=r"File \(GPDataFile\) cannot be made up"):
        list(generated_inputs(task(parameter("File", "GPDataFile")), 1, 0))


def test_words_are_read_as_those_of_a_run():
    described = task(parameter("Far", "GPLinearUnit"), parameter("N", "GPLong", required=False))
    texts = given_inputs(described, ["Far=5 Miles", "N=3"]).texts(described)
    assert json.loads(texts["Far"]) == {"distance": 5, "units": "esriMiles"}
    assert texts["N"] == "3"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["Fra=5 Miles"], "expected one of Far"),
        (["Far=wide"], "Far"),
        ([], "Far"),
        (["Far"], "name=value"),
    ],
)
def test_a_word_that_does_not_fit_is_refused_before_anything_is_sent(words, says):
    with pytest.raises(InvalidInput, match=says):
        given_inputs(task(parameter("Far", "GPLinearUnit")), words)


def test_a_file_of_features_is_read_and_a_data_file_is_uploaded(tmp_path):
    (tmp_path / "p.geojson").write_text('{"type": "Point", "coordinates": [1, 2]}')
    (tmp_path / "d.txt").write_text("x")
    described = task(parameter("P", "GPFeatureRecordSetLayer"), parameter("D", "GPDataFile"))
    found = inputs_of_a_set(described, {"P": "@p.geojson", "D": "@d.txt"}, "given", tmp_path)
    assert found.uploads == {"D": tmp_path / "d.txt"}
    assert json.loads(found.texts(described)["P"])["features"][0]["geometry"]["x"] == 1
    with pytest.raises(Unreadable, match="no file"):
        inputs_of_a_set(described, {"D": "@e.txt"}, "given", tmp_path)


def test_values_of_a_file_that_are_no_texts_are_json(tmp_path):
    file = tmp_path / "sets.yaml"
    file.write_text(
        "- {N: 4, Flag: true, Far: {distance: 2, units: esriMiles}, Day: 2026-01-31, Text: '@@x'}\n"
    )
    described = task(
        parameter("N", "GPLong"),
        parameter("Flag", "GPBoolean"),
        parameter("Far", "GPLinearUnit"),
        parameter("Day", "GPDate"),
        parameter("Text"),
    )
    [given] = read_input_sets(file)[""]
    texts = inputs_of_a_set(described, given, "given").texts(described)
    assert texts == {
        "N": "4",
        "Flag": "true",
        "Far": '{"distance":2.0,"units":"esriMiles"}',
        "Day": "1769817600000",
        "Text": "@x",
    }


def test_a_file_may_name_the_task_of_each_set(tmp_path):
    file = tmp_path / "sets.json"
    file.write_text('{"S/T": [{"A": "1"}, {"A": "2"}], "S/U": {"B": "3"}}')
    assert read_input_sets(file) == {"S/T": [{"A": "1"}, {"A": "2"}], "S/U": [{"B": "3"}]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("Distance: 5 Miles", "a set of inputs"),
        ("- 5", "a set of inputs"),
        ("just text", "a list of sets"),
        ("", "a list of sets"),
        ("[]", "at least one"),
        ("{a: [", "expected YAML or JSON"),
        ("- !!python/object/apply:os.system ['true']", "expected YAML or JSON"),
    ],
)
def test_a_file_that_holds_no_sets_is_refused_with_the_place(tmp_path, content, says):
    file = tmp_path / "sets.yaml"
    file.write_text(content)
    with pytest.raises(InvalidInput, match=says) as refused:
        read_input_sets(file)
    assert "sets.yaml" in str(refused.value)


def test_what_is_generated_is_what_the_client_sends():
    for each in generated_inputs(EVERY_TYPE, 5, 0):
        assert encode_inputs(EVERY_TYPE.descriptor, each.values) == each.texts(EVERY_TYPE)
