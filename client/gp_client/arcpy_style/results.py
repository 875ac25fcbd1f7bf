"""`arcpy.Result`: what a tool brought, or will bring once its job has ended.

Source: ArcPy, *Result*. `status` is 0 new, 1 submitted, 2 waiting, 3 executing, 4 succeeded, 5 failed,
6 timed out, 7 cancelling, 8 cancelled, 9 deleting, 10 deleted. *Assumed*: an output of a job that goes on is
waited for; `saveToFile`, which ArcGIS Pro does not support, writes JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from gp_protocol.messages import Message

from gp_client.arcpy_style.execute_errors import ExecuteError
from gp_client.arcpy_style.feature_sets import RecordSet
from gp_client.arcpy_style.reporting import severity_asked
from gp_client.arcpy_style.script_messages import joined, max_severity, numbered, severity_of
from gp_client.arcpy_style.value_texts import text_of

SUCCEEDED = 4


class Outcome(Protocol):
    """Where a result has its facts from: a tool that is done, or a job."""

    @property
    def tool(self) -> str: ...
    @property
    def result_id(self) -> str: ...
    @property
    def output_count(self) -> int: ...
    @property
    def inputs(self) -> Sequence[Any]: ...
    def status(self) -> int: ...
    def messages(self) -> Sequence[Message]: ...
    def output(self, index: int) -> Any: ...
    def map_image(self, index: int) -> str: ...
    def cancel(self) -> None: ...


class Result:
    """What a tool brought. `result[0]` is its first output: a FeatureSet, a RecordSet, or a text; a file is
    downloaded and its path told; None where the output was not made."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    @property
    def status(self) -> int:
        """The job's status now. Asking again and again is fine: between two looks at the server lies a
        growing wait, in here."""
        return self._outcome.status()

    @property
    def resultID(self) -> str:
        """The job's id; empty where there is none."""
        return self._outcome.result_id

    @property
    def inputCount(self) -> int:
        return len(self._outcome.inputs)

    @property
    def outputCount(self) -> int:
        return self._outcome.output_count

    @property
    def messageCount(self) -> int:
        return len(self._messages())

    @property
    def maxSeverity(self) -> int:
        """0: informative messages only, 1: a warning, 2: an error."""
        return max_severity(self._messages())

    def cancel(self) -> None:
        """Ask the job to end."""
        self._outcome.cancel()

    def getInput(self, index: int) -> Any:
        """An input as it was given: a FeatureSet, a RecordSet, or a text."""
        return _shown(self._outcome.inputs[_checked(index, self.inputCount, "input")])

    def getOutput(self, index: int) -> Any:
        """An output. Raises ExecuteError where the tool did not succeed."""
        return _shown(self._outcome.output(_checked(index, self.outputCount, "output")))

    def getMapImageURL(
        self,
        parameter_list: int | Sequence[int] | None = None,
        height: float | None = None,
        width: float | None = None,
        resolution: float | None = None,
    ) -> str:
        """Where the picture of an output is that a result map service has drawn; empty where there is none.

        The size is the service's own choice: another one is refused.
        """
        if height is not None or width is not None or resolution is not None:
            raise ExecuteError("ERROR: getMapImageURL: a size is not provided by gp_client.arcpy")
        indices = [parameter_list] if isinstance(parameter_list, int) else list(parameter_list or [0])
        if len(indices) != 1:
            raise ExecuteError("ERROR: getMapImageURL: one output at a time is provided by gp_client.arcpy")
        return self._outcome.map_image(_checked(indices[0], self.outputCount, "output"))

    def getMessage(self, index: int) -> str:
        messages = self._messages()
        return messages[_checked(index, len(messages), "message")].description

    def getMessages(self, severity: int | str | None = None) -> str:
        """The texts of all messages, or of those of a severity, one below the other. Raises ExecuteError for
        a severity that there is not."""
        return joined(self._messages(), severity_asked(severity))

    def getAllMessages(self) -> list[list[int | str]]:
        """`[type, code, text]` of each message."""
        return numbered(self._messages())

    def getSeverity(self, index: int) -> int:
        messages = self._messages()
        return severity_of(messages[_checked(index, len(messages), "message")])

    def saveToFile(self, rlt_file: str) -> None:
        """Write what is known to a file, as JSON: tool, job, status, messages, inputs and outputs."""
        from gp_client.arcpy_style.dataset_paths import file_path

        done = self.status == SUCCEEDED
        told = {
            "tool": self._outcome.tool,
            "resultID": self.resultID,
            "status": self.status,
            "messages": self.getAllMessages(),
            "inputs": [_written(self.getInput(index)) for index in range(self.inputCount)],
            "outputs": [_written(self.getOutput(index)) for index in range(self.outputCount if done else 0)],
        }
        path: Path = file_path(str(rlt_file))
        try:
            path.write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
        except OSError as error:
            raise ExecuteError(f"ERROR 000210: Cannot create output {rlt_file}: {error.strerror}") from None

    def _messages(self) -> Sequence[Message]:
        return self._outcome.messages()

    def __getitem__(self, index: int) -> Any:
        return self.getOutput(index)

    def __len__(self) -> int:
        return self.outputCount

    def __iter__(self) -> Iterator[Any]:
        return (self.getOutput(index) for index in range(self.outputCount))

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        """The first output of a tool that is done, as ArcPy has it; never a request to the server."""
        outcome = self._outcome
        if isinstance(outcome, Done) and outcome.outputs and isinstance(outcome.outputs[0], str):
            return outcome.outputs[0]
        return repr(self)

    def __repr__(self) -> str:
        job = f" job {self.resultID}" if self.resultID else ""
        return f"<arcpy.Result of {self._outcome.tool}{job}>"


class Done:
    """The outcome of a tool that has ended at once: a local one."""

    result_id = ""

    def __init__(self, tool: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.tool = tool
        self.inputs = inputs
        self.outputs = outputs

    @property
    def output_count(self) -> int:
        return len(self.outputs)

    def status(self) -> int:
        return SUCCEEDED

    def messages(self) -> Sequence[Message]:
        return ()

    def output(self, index: int) -> Any:
        return self.outputs[index]

    def map_image(self, index: int) -> str:
        return ""

    def cancel(self) -> None:
        """Nothing goes on."""


def _checked(index: int, count: int, what: str) -> int:
    """An index as it counts from the front. Raises ExecuteError, or IndexError to end an iteration."""
    if isinstance(index, bool) or not isinstance(index, int):
        raise ExecuteError(f"ERROR: met {index!r}, expected the number of an {what}")
    if not -count <= index < count:
        raise IndexError(f"there is no {what} {index}: this result has {count}")
    return index % count


def _shown(value: Any) -> Any:
    return value if value is None or isinstance(value, RecordSet) else text_of(value)


def _written(value: Any) -> Any:
    return json.loads(value.JSON) if isinstance(value, RecordSet) else value
