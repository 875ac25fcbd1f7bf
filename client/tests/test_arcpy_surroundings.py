"""What a script has around it: environments, its parameters, messages, names."""

from __future__ import annotations

import ast
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gp_client.arcpy as arcpy
import pytest
from gp_client.arcpy_style.script_runs import ScriptRun, current, script_run
from gp_client.arcpy_style.standing_in import as_arcpy


@pytest.fixture(autouse=True)
def run() -> Iterator[ScriptRun]:
    with script_run(arguments=["points.shp", "#", "5 Miles"]) as made:
        yield made


def test_environments_are_set_and_read() -> None:
    assert arcpy.env.overwriteOutput is False
    arcpy.env.workspace = "c:/data"
    arcpy.env["overwriteOutput"] = 1
    assert arcpy.env["workspace"] == "c:/data"
    assert arcpy.env.overwriteOutput is True
    del arcpy.env.workspace
    assert arcpy.env.workspace is None
    assert list(arcpy.env) == arcpy.env.keys()


@pytest.mark.parametrize("name", ["cellSize", "workSpace"])
def test_an_environment_that_nothing_would_come_of_is_refused(name: str) -> None:
    with pytest.raises(AttributeError, match=f"{name} is not provided.*workspace"):
        setattr(arcpy.env, name, 5)
    with pytest.raises(AttributeError, match=name):
        getattr(arcpy.env, name)


def test_a_workspace_that_is_no_path_is_refused() -> None:
    with pytest.raises(arcpy.ExecuteError, match=r"arcpy\.env\.workspace: met 5, expected the path"):
        arcpy.env.workspace = 5
    arcpy.env.workspace = Path("here")
    assert arcpy.env.workspace == Path("here")


@pytest.mark.parametrize(
    ("arguments", "text"), [((), ""), (("a",), "a"), (("a", "b"), "('a', 'b')"), ((5, None), "(5, None)")]
)
def test_a_script_raises_execute_error_as_any_exception(arguments: tuple[object, ...], text: str) -> None:
    raised = arcpy.ExecuteError(*arguments)
    assert (str(raised), raised.args, raised.error, raised.kind) == (text, arguments, None, "usage")
    assert str(pickle.loads(pickle.dumps(raised))) == text
    assert raised.report()["text"] == text


def test_execute_error_is_raised_bare_after_an_error_was_added() -> None:
    arcpy.AddError("no such field")
    with pytest.raises(arcpy.ExecuteError):
        raise arcpy.ExecuteError
    assert arcpy.GetMessages(2) == "no such field"


@pytest.mark.parametrize("severity", [2, "2"])
def test_messages_are_asked_for_by_a_number_or_a_digit(severity: int | str) -> None:
    arcpy.AddError("no such field")
    assert arcpy.GetMessages(severity) == "no such field"


@pytest.mark.parametrize("severity", [7, -1, "7", "two", True, []])
def test_a_severity_that_there_is_not_is_refused(severity: Any) -> None:
    with pytest.raises(arcpy.ExecuteError, match=r"expected 0 \(informative\), 1 \(warning\) or 2 \(error\)"):
        arcpy.GetMessages(severity)


def test_a_spatial_reference_is_known_by_its_code_or_its_text(tmp_path: Path) -> None:
    pytest.importorskip("pyproj")
    known = arcpy.SpatialReference(3857)
    assert (known.factoryCode, known.name) == (3857, "WGS_1984_Web_Mercator_Auxiliary_Sphere")
    assert known == arcpy.SpatialReference("102100") != arcpy.SpatialReference(4326)
    (tmp_path / "it.prj").write_text(known.exportToString())
    read = arcpy.SpatialReference(str(tmp_path / "it.prj"))
    assert (read.factoryCode, read.name) == (0, known.name)
    assert read.exportToString() == known.exportToString()


@pytest.mark.parametrize("item", ["WGS 1984", None, 0, "nowhere.prj", True])
def test_a_spatial_reference_that_cannot_be_made_out_is_refused(item: Any) -> None:
    with pytest.raises(arcpy.ExecuteError, match=r"factory code|does not exist"):
        arcpy.SpatialReference(item)


@pytest.fixture
def recursion_limit() -> Iterator[None]:
    """As it was, after a test too: mypy raises it for all of the process."""
    before = sys.getrecursionlimit()
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("recursion_limit")
def test_a_type_checker_knows_what_is_provided(tmp_path: Path) -> None:
    api = pytest.importorskip("mypy.api")
    file = tmp_path / "script.py"
    file.write_text(
        "import gp_client.arcpy as arcpy\n"
        "arcpy.env.overwriteOutput = True\n"
        "arcpy.env.nope = 3\n"
        "arcpy.management.Delete('x')\n"
        "result = arcpy.anything_imported('x')\n"
        "after: int = arcpy.GetParameterAsText(0)\n"
    )
    out, _, _ = api.run(["--cache-dir", str(tmp_path / "cache"), str(file)])
    found = [int(line.split(":")[1]) for line in out.splitlines() if ": error: " in line]
    assert found == [3, 4, 6], out


def test_a_run_begins_with_environments_of_its_own_that_a_name_taken_before_follows() -> None:
    from gp_client.arcpy import env

    env.workspace = "outer"
    with script_run():
        assert env.workspace is None
        env.workspace = "inner"
    assert env.workspace == "outer"


def test_the_scratch_folder_is_gone_with_its_run() -> None:
    with script_run():
        folder = Path(arcpy.env.scratchFolder)
        assert folder.is_dir()
    assert not folder.exists()


def test_parameters_are_the_scripts_arguments() -> None:
    assert arcpy.GetParameterAsText(0) == "points.shp"
    assert arcpy.GetParameterAsText(1) == ""
    assert arcpy.GetParameter(2) == "5 Miles"
    assert arcpy.GetParameterAsText(3) == ""
    assert arcpy.GetArgumentCount() == 3
    arcpy.SetParameterAsText(3, 5.0)
    assert arcpy.GetParameterAsText(3) == "5"
    with pytest.raises(arcpy.ExecuteError, match="the number of a parameter"):
        arcpy.GetParameterAsText(-1)


def test_without_a_run_of_its_own_a_script_has_the_words_of_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["script.py", "one"])
    with script_run():
        assert arcpy.GetParameterAsText(0) == "one"


def test_added_messages_are_printed_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    arcpy.AddMessage("Working")
    arcpy.AddWarning("WARNING 000117: Warning empty output generated.")
    arcpy.AddError("ERROR 000735: Input: Value is required")
    out, err = capsys.readouterr()
    assert out == "Working\nWARNING 000117: Warning empty output generated.\n"
    assert err == "ERROR 000735: Input: Value is required\n"
    assert arcpy.GetMessageCount() == 3
    assert arcpy.GetMessages(0) == "Working"
    assert arcpy.GetMessages(2) == arcpy.GetMessage(2) == "ERROR 000735: Input: Value is required"
    assert arcpy.GetMessages().count("\n") == 2
    assert [arcpy.GetSeverity(index) for index in range(3)] == [0, 1, 2]
    assert arcpy.GetMaxSeverity() == 2
    assert [each[:2] for each in arcpy.GetAllMessages()] == [[0, 0], [50, 117], [100, 735]]


def test_a_name_that_is_not_provided_says_so_and_what_is() -> None:
    with pytest.raises(
        AttributeError, match=r"arcpy\.Buffer_analysis is not provided.*CopyFeatures_management"
    ):
        _ = arcpy.Buffer_analysis
    with pytest.raises(AttributeError, match='did you mean "GetMessages"'):
        _ = arcpy.GetMesages
    with pytest.raises(AttributeError, match=r"arcpy\.management\.Clip .*CopyFeatures, GetCount"):
        _ = arcpy.management.Clip  # type: ignore[attr-defined]
    assert not hasattr(arcpy, "da")


def test_every_name_is_there_and_in_the_stub() -> None:
    stub = ast.parse(Path(arcpy.__file__).with_name("__init__.pyi").read_text())
    typed = {alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    typed |= {str(ast.unparse(node.targets[0])) for node in stub.body if isinstance(node, ast.Assign)}
    assert typed - {None} == set(arcpy.__all__)
    assert all(getattr(arcpy, name) is not None for name in arcpy.__all__)
    assert set(arcpy.__all__) <= set(dir(arcpy))


def test_the_facade_stands_in_for_arcpy_for_as_long_as_a_block_lasts() -> None:
    assert "arcpy" not in sys.modules
    with as_arcpy():
        import arcpy as imported  # type: ignore[import-not-found]
        import arcpy.management as management  # type: ignore[import-not-found]
        from arcpy import ExecuteError, env  # noqa: F401

        names: dict[str, object] = {}
        exec("from arcpy import *", names)
        assert names["GetMessages"] is imported.GetMessages
        assert imported.management is management
        assert imported.env is env
        with pytest.raises(ImportError, match=r"arcpy\.da"):
            import arcpy.da  # type: ignore[import-not-found]
        with pytest.raises(ImportError, match="sa"):
            from arcpy import sa  # noqa: F401
        with pytest.raises(AttributeError, match="results"):
            _ = imported.results
    assert "arcpy" not in sys.modules
    assert "arcpy.management" not in sys.modules


def test_what_stood_in_the_place_of_arcpy_is_back_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = type(sys)("arcpy")
    monkeypatch.setitem(sys.modules, "arcpy", theirs)
    with as_arcpy():
        assert sys.modules["arcpy"] is not theirs
    assert sys.modules["arcpy"] is theirs


def test_runs_nest(run: ScriptRun) -> None:
    with script_run() as inner:
        assert current() is inner
    assert current() is run
