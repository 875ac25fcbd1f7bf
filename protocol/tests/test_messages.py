"""Messages and progress say what real servers were recorded to say."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from gp_protocol.messages import (
    DateStyle,
    Message,
    MessageLevel,
    MessageType,
    Progress,
    ProgressType,
    arguments_text,
    at_level,
    completed_script_text,
    date_text,
    elapsed_text,
    failed_script_text,
    failed_to_execute_text,
    running_script_text,
)

from every_case import every_case


def instant(*moment: int) -> float:
    return datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[misc]


def test_a_message_is_a_type_and_a_description() -> None:
    message = Message(MessageType.INFORMATIVE, "Submitted.")
    assert (
        msgspec.json.encode(message) == b'{"type":"esriJobMessageTypeInformative","description":"Submitted."}'
    )


def test_the_message_types_are_those_that_clients_know() -> None:
    assert {str(kind).removeprefix("esriJobMessageType") for kind in MessageType} == {
        "Informative",
        "Warning",
        "Error",
        "Empty",
        "Abort",
        "ProcessDefinition",
        "ProcessStart",
        "ProcessStop",
    }


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (Progress(ProgressType.DEFAULT, "Executing..."), b'{"type":"default","message":"Executing..."}'),
        (Progress(ProgressType.STEP, "Tile 3", 0), b'{"type":"step","message":"Tile 3","percent":0}'),
        (Progress(ProgressType.STEP, "Tile 9", 90), b'{"type":"step","message":"Tile 9","percent":90}'),
    ],
)
def test_progress_has_a_percentage_only_where_there_is_one(progress: Progress, expected: bytes) -> None:
    assert msgspec.json.encode(progress) == expected


@every_case(
    ("moment", "style", "expected"),
    [
        ((2023, 3, 7, 9, 37, 9), DateStyle.ARCMAP, "Tue Mar  7 09:37:09 2023"),
        ((2023, 3, 17, 21, 0, 0), DateStyle.ARCMAP, "Fri Mar 17 21:00:00 2023"),
        ((2022, 12, 16, 18, 5, 31), DateStyle.PRO, "Friday, December 16, 2022 6:05:31 PM"),
        ((2024, 2, 29, 0, 0, 5), DateStyle.PRO, "Thursday, February 29, 2024 12:00:05 AM"),
        ((2024, 3, 3, 12, 30, 0), DateStyle.PRO, "Sunday, March 3, 2024 12:30:00 PM"),
        ((1969, 12, 31, 23, 59, 59), DateStyle.PRO, "Wednesday, December 31, 1969 11:59:59 PM"),
    ],
)
def test_dates_are_written_in_the_style_of_the_runtime(
    moment: tuple[int, ...], style: DateStyle, expected: str
) -> None:
    assert date_text(instant(*moment), style) == expected
    assert date_text(instant(*moment) + 0.999, style) == expected


@every_case(
    ("seconds", "expected"),
    [
        (0, "0.00 seconds"),
        (9.47, "9.47 seconds"),
        (21.18, "21.18 seconds"),
        (59.999, "59.99 seconds"),
        (60, "1 minutes 0 seconds"),
        (78.4, "1 minutes 18 seconds"),
        (7265, "2 hours 1 minutes 5 seconds"),
    ],
)
def test_elapsed_times_are_written_as_recorded(seconds: float, expected: str) -> None:
    assert elapsed_text(seconds) == expected


def test_arguments_are_repeated_with_quotes_around_blanks_and_a_sign_for_defaults() -> None:
    arguments = ["Elevation", "-123.7 41.7 -123.6 41.8", None, ""]
    assert arguments_text(arguments) == 'Elevation "-123.7 41.7 -123.6 41.8" # ""'


def test_what_is_said_of_a_script_and_of_a_tool_that_failed() -> None:
    assert running_script_text("ClipTool") == "Running script ClipTool..."
    assert completed_script_text("ClipTool") == "Completed script ClipTool..."
    assert failed_script_text("ClipTool") == "Failed script ClipTool..."
    assert failed_to_execute_text("Case 1") == "Failed to execute (Case 1)."


INFO, WARNING, ERROR = MessageType.INFORMATIVE, MessageType.WARNING, MessageType.ERROR
FAILED_JOB = [
    Message(INFO, "Submitted."),
    Message(INFO, "Executing..."),
    Message(INFO, "Start Time: Friday, December 16, 2022 6:05:31 PM"),
    Message(WARNING, "WARNING 000117: Empty output generated."),
    Message(ERROR, "ERROR 999999: Error executing function."),
    Message(ERROR, "Failed to execute (Case 1)."),
    Message(INFO, "Failed at Friday, December 16, 2022 6:05:35 PM (Elapsed Time: 3.88 seconds)"),
    Message(ERROR, "Failed."),
]


@every_case(
    ("level", "kept"),
    [
        (MessageLevel.NONE, []),
        (MessageLevel.ERROR, [0, 1, 4, 5, 7]),
        (MessageLevel.WARNING, [0, 1, 3, 4, 5, 7]),
        (MessageLevel.INFO, [0, 1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_a_level_hides_what_the_tool_says_below_it_and_keeps_the_servers_own_lines(
    level: MessageLevel, kept: list[int]
) -> None:
    assert at_level(FAILED_JOB, level) == tuple(FAILED_JOB[i] for i in kept)
