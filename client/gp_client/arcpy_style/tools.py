"""Toolboxes: services whose tasks a script calls as functions.

Source: ArcPy, *ImportToolbox*, *IsSynchronous*, *Use geoprocessing services in Python*. A tool is called by
its task's name; *assumed*: where that is no Python name, what does not belong in one is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from gp_protocol.suggestions import did_you_mean

from gp_client.arcpy_style.execute_errors import ExecuteError, calling, execute_error
from gp_client.arcpy_style.feature_sets import RecordSet
from gp_client.arcpy_style.results import Result
from gp_client.arcpy_style.script_messages import ERROR, message_of
from gp_client.arcpy_style.script_runs import ScriptRun, current
from gp_client.arcpy_style.server_outcomes import Executed, Submitted
from gp_client.arcpy_style.spatial_references import SpatialReference
from gp_client.arcpy_style.tool_arguments import FEATURES, as_meant, by_name, client_value
from gp_client.arcpy_style.toolbox_addresses import SINGLE_SIGN_ON, ToolboxAddress, toolbox_address
from gp_client.arcpy_style.value_texts import text_of
from gp_client.errors import AuthError, GPError, InvalidInput

if TYPE_CHECKING:
    from gp_client.clients import GPClient, Service
    from gp_client.descriptors import TaskDescription


class Tool:
    """A task as a function: `tool(argument, …, name=argument)`. Raises ExecuteError."""

    def __init__(
        self,
        toolbox: Toolbox,
        run: ScriptRun,
        client: GPClient,
        service: Service,
        described: TaskDescription,
    ) -> None:
        task = described.descriptor
        self._toolbox = toolbox
        self._run = run
        self._client = client
        self._service = service
        self._task = described
        self.__name__ = tool_name(task.name) or tool_name(task.label)
        self.__doc__ = task.description or None
        self._handle = client.task(described.url)

    @property
    def IsSynchronous(self) -> bool:
        """Whether a call returns when the tool is done; else the result tells how its job goes on."""
        return bool(self._task.is_synchronous)

    @property
    def names(self) -> tuple[str, str]:
        """`Tool_alias` and `alias.Tool`."""
        alias = self._toolbox.alias
        return f"{self.__name__}_{alias}", f"{alias}.{self.__name__}"

    def __call__(self, *arguments: Any, **named: Any) -> Result:
        run = self._run
        run.begin_tool()
        try:
            return self._called(arguments, named)
        except ExecuteError as error:
            run.last = None
            run.added.append(message_of(ERROR, str(error)))
            raise

    def _called(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Result:
        run, task = self._run, self._task
        by_parameter = by_name(self.__name__, task.inputs, arguments, named)
        known = {each.name: each for each in task.inputs}
        inputs = {
            name: client_value(known[name], value, self._service) if name in known else value
            for name, value in by_parameter.items()
        }
        handle = self._handle
        if (reference := run.environments["outputCoordinateSystem"]) not in (None, ""):
            given = reference.value if isinstance(reference, SpatialReference) else reference
            handle = calling(handle.with_options, out_sr=given)
        outcome: Executed
        if task.is_synchronous:
            brought = calling(handle.execute, inputs)
            outcome = Executed(self.__name__, run, self._client, task, inputs, brought)
        else:
            job = calling(handle.submit, inputs)
            run.add_job(job)
            outcome = Submitted(self.__name__, run, self._client, task, inputs, job)
        result = Result(outcome)
        run.last = result
        return result

    @property
    def parameter_count(self) -> int:
        return len(self._task.descriptor.parameters)

    def default(self, index: int) -> Any:
        """The default of a parameter, counted from 0: an empty FeatureSet or RecordSet with its fields where
        it takes such, else a text."""
        parameters = self._task.descriptor.parameters
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(parameters):
            raise ExecuteError(
                f"ERROR: {self.__name__}: met parameter {index!r}, expected a number below {len(parameters)}"
            )
        parameter = parameters[index]
        if parameter.data_type not in FEATURES:
            return text_of(as_meant(parameter, parameter.default_value))
        from gp_protocol.values.feature_sets import decode_feature_set, decode_record_set

        schema = parameter.default_value if isinstance(parameter.default_value, dict) else {}
        decode: Callable[..., Any] = (
            decode_record_set if parameter.data_type == "GPRecordSet" else decode_feature_set
        )
        return RecordSet.of(calling(decode, {"features": []} | schema, tolerant=True))

    def usage(self) -> str:
        """How the tool is called: `BufferPoints_alias(Input_Points, {Distance}, …)`."""
        words = [
            each.name if each.parameter_type.value.endswith("Required") else f"{{{each.name}}}"
            for each in self._task.inputs
        ]
        return f"{self.names[0]}({', '.join(words)})"

    def __repr__(self) -> str:
        return f"<arcpy tool {self.usage()}>"


class Toolbox:
    """A service's tasks, as attributes."""

    def __init__(self, alias: str, address: ToolboxAddress, run: ScriptRun) -> None:
        self.alias = alias
        self._tools: dict[str, Tool] = {}
        client = calling(run.client, address)
        service = calling(client.service, address.service)
        try:
            described = service.tasks()
        except AuthError as error:
            nobody = f" ({SINGLE_SIGN_ON}: nobody is signed in here)" if address.single_sign_on else ""
            hint = f"{nobody}; a toolbox's address ends in ;<user>;<password> or ;token=<token>;<referer>"
            raise ExecuteError.of(f"{execute_error(error)}{hint}", error) from None
        except GPError as error:
            raise execute_error(error) from None
        for each in described:
            tool = Tool(self, run, client, service, each)
            self._tools.setdefault(tool.__name__, tool)

    def __getattr__(self, name: str) -> Tool:
        tools: dict[str, Tool] = self.__dict__.get("_tools", {})
        if name in tools:
            return tools[name]
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        alias = self.__dict__.get("alias", "")
        hint = did_you_mean(name, tools)
        raise AttributeError(
            f"the toolbox {alias} has no tool {name}{'; ' + hint if hint else ''}; "
            f"it has {', '.join(tools) or 'none'}",
            name=name,
            obj=self,
        )

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __dir__(self) -> list[str]:
        return list(self._tools)

    def __repr__(self) -> str:
        return f"<arcpy toolbox {self.alias}: {', '.join(self._tools)}>"


def import_toolbox(input_file: object, module_name: str | None) -> Toolbox:
    """Read a service's tasks, and make them known under an alias. Raises ExecuteError."""
    run = current()
    try:
        address = toolbox_address(input_file, server=run.server, instead=run.instead)
        alias = address.default_alias if module_name is None or module_name == "" else module_name
        if not isinstance(alias, str) or not alias.isidentifier():
            raise InvalidInput(
                parameter="module_name", met=repr(alias), expected="an alias of letters, digits and _"
            )
    except GPError as error:
        raise execute_error(error) from None
    toolbox = Toolbox(alias, address, run)
    run.toolboxes[alias] = toolbox
    return toolbox


def tool_called(name: str) -> Tool | None:
    """The tool of exactly the name `Tool_alias`; the toolbox imported last wins."""
    for alias, toolbox in reversed(current().toolboxes.items()):
        if name.endswith(f"_{alias}"):
            for tool in toolbox:
                if tool.names[0] == name:
                    return tool
    return None


def tool_meant(name: str) -> Tool:
    """The tool that a text means: `Tool`, `Tool_alias` or `alias.Tool`, in any case. Raises ExecuteError."""
    wanted = name.strip().lower()
    toolboxes = list(reversed(current().toolboxes.values()))
    for toolbox in toolboxes:
        for tool in toolbox:
            if wanted in (tool.__name__.lower(), *(each.lower() for each in tool.names)):
                return tool
    known = tool_names()
    hint = did_you_mean(name, [*known, *(tool.__name__ for toolbox in toolboxes for tool in toolbox)])
    raise ExecuteError(
        f"ERROR: no tool {name!r}{'; ' + hint if hint else ''}; "
        f"there is {', '.join(known) or 'none: ImportToolbox comes first'}"
    )


def tool_names() -> list[str]:
    """`Tool_alias` for every tool of every toolbox."""
    return [tool.names[0] for toolbox in current().toolboxes.values() for tool in toolbox]


def tool_name(text: str) -> str:
    """A task's name as a Python name."""
    name = "".join(letter for letter in text if f"_{letter}".isidentifier())
    return name if not name or name.isidentifier() else f"_{name}"
