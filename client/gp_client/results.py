"""What a run of a task brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from gp_protocol.messages import Message

from gp_client.errors import JobAddress
from gp_client.outputs.outputs import Output, OutputWarning


class Result(msgspec.Struct, frozen=True):
    """The outputs of a task that succeeded, in the order of its descriptor.

    `result["Name"]` and `result[0]` are values, in Python's terms; an output that was not made is None.
    `outputs` has each with its data type, its raw JSON and its warnings. `job` is None where the task was
    executed; `raw` is the whole answer: that of execute, or the job's last one.
    """

    outputs: Mapping[str, Output]
    messages: tuple[Message, ...] = ()
    job: JobAddress | None = None
    raw: Any = None

    def __repr__(self) -> str:
        of = f" of job {self.job.id}" if self.job else ""
        return f"<Result {', '.join(self.outputs) or 'without outputs'}{of}>"

    def __getitem__(self, key: str | int) -> Any:
        if isinstance(key, int):
            return list(self.outputs.values())[key].value
        try:
            return self.outputs[key].value
        except KeyError:
            raise KeyError(f"no output {key!r}; there is {', '.join(self.outputs) or 'none'}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self.outputs)

    def __contains__(self, name: object) -> bool:
        return name in self.outputs

    @property
    def value(self) -> Any:
        """The value of the only output. Raises ValueError where there are none or several."""
        if len(self.outputs) != 1:
            raise ValueError(f"the task has {len(self.outputs)} outputs: {', '.join(self.outputs) or 'none'}")
        return self[0]

    @property
    def values(self) -> dict[str, Any]:
        """Every output's value by name."""
        return {name: output.value for name, output in self.outputs.items()}

    @property
    def warnings(self) -> tuple[OutputWarning, ...]:
        """What is odd about the outputs, though they are what the server delivered."""
        return tuple(warning for output in self.outputs.values() for warning in output.warnings)
