"""What the commands that call a service write: texts that stay texts, files that stay in their folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from gp_client.errors import (
    AuthError,
    DeadlineExceeded,
    HTTPError,
    InvalidInput,
    JobAddress,
    JobVanished,
    ProtocolViolation,
    ServerError,
    TransportError,
)
from gp_client.steps import MessageCame, ProgressMade, Retrying, StatusChanged, Transferred
from gp_protocol.messages import Message, MessageType, Progress, ProgressType
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.references import DataFile, ItemReference, MapImage, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import ArealUnit, LinearUnit, TimeUnit
from gpharness import client_access, terminal_progress
from gpharness.client_access import Unreadable, encodable, guarded, print_json, status_of
from gpharness.given_inputs import Word, read_words
from gpharness.plain_texts import columns, one_line, printable
from gpharness.result_texts import result_lines, value_text
from gpharness.saving import prepare, save

from every_case import every_case


def result(**values):
    """A result as far as it is shown: each output with its data type and value."""
    outputs = {
        name: SimpleNamespace(
            name=name, data_type=kind, value=value, raw=value, warnings=(), is_made=value is not None
        )
        for name, (kind, value) in values.items()
    }
    return SimpleNamespace(outputs=outputs, messages=(), job=None)


@every_case(
    ("text", "shown"),
    [
        ("plain é 漢", "plain é 漢"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("a\nb\tc", "a\nb\tc"),
        ("a\rb", "a\\rb"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("\x9b31m", "\\x9b31m"),
        ("\ud800", "\\ud800"),
    ],
)
def test_no_text_moves_the_cursor_or_turns_the_writing(text, shown):
    assert printable(text) == shown


def test_json_on_a_terminal_is_escaped_in_json_s_own_way(capsys):
    value = {"text": "\x1b[2J \x9b \u202e é"}
    print_json(value)
    out = capsys.readouterr().out
    assert not {"\x1b", "\x9b", "\u202e"} & set(out)
    assert "é" in out
    assert json.loads(out) == value


def test_lines_are_cut_and_columns_stand_below_each_other():
    assert one_line("a\n b", 10) == "a b"
    assert one_line("abcdef", 4) == "abc…"
    assert list(columns([["name", "n"], ["漢字", "1"]])) == ["  name  n", "  漢字  1"]


@every_case(
    ("encoding", "shown"), [("utf-8", "é→"), ("latin-1", "é\\u2192"), ("ascii", "\\xe9\\u2192"), (None, "é→")]
)
def test_what_a_stream_cannot_carry_becomes_an_escape(encoding, shown):
    assert encodable("é→", encoding) == shown


@every_case(
    ("value", "shown"),
    [
        (None, ""),
        (True, "true"),
        (12, "12"),
        (0.5, "0.5"),
        (datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC), "2024-05-06T07:08:09+00:00"),
        (LinearUnit(5, "esriMiles"), "5 Miles"),
        (ArealUnit(5, "esriAcres"), "5 Acres"),
        (TimeUnit(5, "esriTimeUnitsHours"), "5 Hours"),
        (DataFile(url="http://example.com/a.zip"), "http://example.com/a.zip"),
        (DataFile(portal_item_id="abc"), "item abc"),
        (Raster(item_id="i1"), "item i1"),
        (ItemReference("i1"), "item i1"),
        (MapImage("http://example.com/m.png", 400, 300), "http://example.com/m.png (400 x 300)"),
        (SpatialReference(wkid=102100, latest_wkid=3857), "wkid 3857"),
        (Extent(1, 2, 3, 4, spatial_reference=SpatialReference(wkid=4326)), "1.0 2.0 3.0 4.0 in wkid 4326"),
        (CompositeValue("GPLong", 3), "3 (GPLong)"),
        ([1, None, "a"], "1, , a"),
        ({"a": 1}, '{"a": 1}'),
        (Field("A", "esriFieldTypeString"), '"name": "A"'),
    ],
)
def test_every_kind_of_value_has_a_line(value, shown):
    assert shown in value_text(value)


def test_tables_show_their_first_rows_and_how_many_there_are_besides():
    rows = [{"attributes": {"N": number}} for number in range(25)]
    table = RecordSet(fields=(Field("N", "esriFieldTypeInteger"),), features=rows)
    lines = list(result_lines(result(Rows=("GPRecordSet", table)), {}))
    assert lines[:3] == ["Rows (GPRecordSet): 25 rows", "  N", "  0"]
    assert lines[-1] == "  … and 15 more"
    many = [[number, "x"] for number in range(12)]
    lines = list(result_lines(result(Table=("GPValueTable", many)), {}))
    assert lines[0] == "Table (GPValueTable): 12 rows"
    assert lines[-1] == "  … and 2 more"


@every_case(
    ("value", "head"),
    [
        (FeatureSet(), "0 points in an unknown spatial reference"),
        (
            FeatureSet(
                geometry_type="esriGeometryPolyline",
                spatial_reference=SpatialReference(wkid=4326),
                features=[{"attributes": {}, "geometry": None}],
                exceeded_transfer_limit=True,
            ),
            "1 line in wkid 4326, the server has more",
        ),
        ([], ""),
        ([[]], "1 row"),
        ("two\nlines", "two"),
        ({"any": "thing"}, '{"any": "thing"}'),
        ([["ragged"], ["a", "b"]], "2 rows"),
        (["\x1b[2J"], "\\x1b[2J"),
    ],
)
def test_odd_values_are_shown_as_they_are(value, head):
    lines = list(result_lines(result(Out=("Type", value)), {}))
    assert lines[0].splitlines()[0] == f"Out (Type): {head}".rstrip() or lines[0] == f"Out (Type): {head}"


class TestSaving:
    def saved(self, outputs, folder):
        asked = []

        def download(file, path):
            asked.append(path.name)
            path.write_bytes(b"")
            return path

        return save(outputs, folder, download), asked

    @pytest.mark.parametrize(
        ("name", "url", "file"),
        [
            ("Out", "http://example.com/scratch/x.zip?token=1", "Out.zip"),
            ("../../etc/passwd", "http://example.com/x.tif", "______etc_passwd.tif"),
            ("Out", "http://example.com/x.z%2Fip", "Out"),
            ("Out", "http://example.com/.bashrc", "Out"),
            ("Informe_Patrón", "http://example.com/a.PDF", "Informe_Patrón.PDF"),
            ("con", "http://example.com/a.txt", "_con.txt"),
            ("x" * 500, "http://example.com/a.txt", "x" * 100 + ".txt"),
        ],
    )
    def test_a_file_is_called_as_its_output_and_stays_in_the_folder(self, tmp_path, name, url, file):
        _, asked = self.saved(result(**{name: ("GPDataFile", DataFile(url=url))}), tmp_path)
        assert asked == [file]

    def test_no_two_files_have_one_name(self, tmp_path):
        files = [DataFile(url=f"http://example.com/{number}/a.zip") for number in range(2)]
        saved, asked = self.saved(
            result(Out=("GPMultiValue:GPDataFile", files), oUT=("GPDataFile", files[0])), tmp_path
        )
        assert asked == ["Out.zip", "Out_2.zip", "oUT_3.zip"]
        assert [path.name for path in saved["Out"]] == ["Out.zip", "Out_2.zip"]

    def test_what_is_no_file_is_left_alone(self, tmp_path):
        service = Raster(url="http://example.com/ImageServer", type="ImageService")
        outputs = result(A=("GPRasterDataLayer", service), B=("GPString", "x"), C=("GPDataFile", None))
        assert self.saved(outputs, tmp_path) == ({}, [])

    def test_a_folder_that_cannot_be_made_is_said_before_anything_else(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(Unreadable, match="no such folder can be made"):
            prepare(tmp_path / "file" / "below")

    def test_a_file_that_cannot_be_written_is_named(self, tmp_path):
        (tmp_path / "Out.geojson").mkdir()
        with pytest.raises(Unreadable, match=r"Out\.geojson cannot be written"):
            self.saved(result(Out=("GPFeatureRecordSetLayer", FeatureSet())), tmp_path)


@every_case(
    ("words", "read"),
    [
        (["a=1"], [Word("a", "1")]),
        (["a="], [Word("a", "")]),
        (["a=b=c"], [Word("a", "b=c")]),
        (["a=@f"], [Word("a", file="f")]),
        (["a=@@f"], [Word("a", "@f")]),
        (["a=@-"], [Word("a", file="-")]),
    ],
)
def test_words_of_a_command_line(words, read):
    assert read_words(words) == read


@every_case("words", [["a"], ["=1"], ["a=@"], ["a=1", "a=2"], ["a=@-", "b=@-"]])
def test_words_that_say_nothing(words):
    with pytest.raises(InvalidInput):
        read_words(words)


URL = "http://example.com/arcgis/rest/services/A/GPServer/B"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput(parameter="a", met="b", expected="c"), 2),
        (AuthError("no", code=499), 2),
        (JobVanished("gone", code=400, url=f"{URL}/jobs/j1"), 2),
        (JobVanished("gone", code=400, url=f"{URL}/jobs/j1", job=JobAddress("j1", f"{URL}/jobs/j1")), 1),
        (ServerError("no such task", code=404, url=URL), 2),
        (ServerError("bad value", code=400, url=f"{URL}/submitJob"), 1),
        (ServerError("it failed", code=400, url=f"{URL}/execute"), 1),
        (ServerError("not started", code=500, url=URL), 1),
        (DeadlineExceeded("over"), 1),
        (TransportError("reset"), 3),
        (HTTPError("bad gateway", status=502), 3),
        (ProtocolViolation(pointer="", met="a", expected="b"), 3),
    ],
)
def test_every_error_has_its_status(error, status, capsys):
    assert status_of(error) == status

    def act():
        raise error

    assert guarded("run", act, as_json=True) == status
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]["kind"] == error.kind
    assert said.err.startswith("gpharness run: ")
    assert "come back to the job" not in said.err


def test_an_interruption_names_its_job(capsys):
    def act():
        interruption = KeyboardInterrupt()
        interruption.add_note("job j1 was asked to end: http://example.com/j1")
        raise interruption

    assert guarded("run", act) == 130
    assert capsys.readouterr().err == (
        "gpharness run: interrupted; job j1 was asked to end: http://example.com/j1\n"
    )


def test_a_stdout_that_takes_nothing_is_status_2(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout", None)

    def act():
        client_access.print_text("results")
        return 0

    assert guarded("run", act) == 2
    assert capsys.readouterr().err.startswith("gpharness run: stdout is closed")


EVENTS = [
    StatusChanged("j1", "esriJobExecuting"),
    MessageCame("j1", Message(MessageType.WARNING, "WARNING 000117: \x1b[2Jempty")),
    ProgressMade("j1", Progress(ProgressType.STEP, "Half", 50)),
    ProgressMade("j1", Progress(ProgressType.DEFAULT, "")),
    Transferred("a.zip", 5, 10),
    Transferred("a.zip", 10, 10),
    Retrying("http://example.com", 0.5, "503 Service Unavailable"),
]


def test_progress_elsewhere_than_in_a_terminal_is_lines(capsys):
    with terminal_progress.shown_progress(quiet=False) as listener:
        for event in EVENTS:
            listener(event)
    assert capsys.readouterr().err.splitlines() == [
        "esriJobExecuting",
        "  Warning: WARNING 000117: \\x1b[2Jempty",
        "  Half 50 %",
        "a.zip: 10 bytes",
        "503 Service Unavailable; once more in 0.5 s",
    ]


def test_progress_in_a_terminal_is_a_bar_and_messages_stay(monkeypatch, capsys):
    monkeypatch.setattr(terminal_progress, "_is_terminal", lambda: True)
    for name, value in (("FORCE_COLOR", "1"), ("TERM", "xterm"), ("COLUMNS", "100")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    with terminal_progress.shown_progress(quiet=False) as listener:
        for event in EVENTS[:3]:
            listener(event)
    said = capsys.readouterr()
    assert said.out == ""
    assert "WARNING 000117: \\x1b[2Jempty" in said.err
    assert "Half" in said.err
    assert "50%" in said.err


def test_a_terminal_that_goes_away_does_not_hide_what_ended_the_run(monkeypatch):
    class Terminal:
        encoding = "utf-8"
        gone = False

        def write(self, text):
            if self.gone:
                raise OSError(5, "Input/output error")

        def flush(self):
            self.write("")

        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")

    def interrupted():
        with terminal_progress.shown_progress(quiet=False) as listener:
            listener(EVENTS[0])
            terminal.gone = True
            listener(EVENTS[1])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()


def test_a_stderr_that_is_gone_ends_nothing(monkeypatch):
    class Gone:
        encoding = "utf-8"

        def write(self, text):
            raise BrokenPipeError

        def flush(self):
            raise BrokenPipeError

    monkeypatch.setattr("sys.stderr", Gone())
    client_access.tell("nobody hears")
    monkeypatch.setattr("sys.stderr", None)
    client_access.tell("nobody hears")
