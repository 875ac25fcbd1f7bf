"""`gpharness arcpy`: an ArcPy script, unchanged, over the reference client."""

from __future__ import annotations

import atexit
import contextlib
import linecache
import runpy
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gp_client.arcpy_style.script_runs import ScriptRun

WRONG_USAGE, INTERRUPTED = 2, 130
_IN_CHILDREN = """\
from gpharness.arcpy_scripts import stand_in_for_good
stand_in_for_good({server!r})
"""


def run_script(script: Path, arguments: Sequence[str], *, server: str | None = None) -> int:
    """Run a script as `python script arguments…` does, its `import arcpy` answered by `gp_client.arcpy`.

    With `server` every toolbox is looked for there, whatever server its address names; without it an address
    that names none leads to that of GPHARNESS_ARCPY_SERVER. The status is the script's own: 1 after an
    exception, which is shown, 130 after Ctrl-C and 143 after SIGTERM, which are a KeyboardInterrupt to the
    script and upon which the jobs that it has started are cancelled; 2 where `server` is no address.

    Processes that the script starts by multiprocessing have the façade, too, each with a run of its own.
    """
    from gp_client.arcpy_style.script_runs import script_run
    from gp_client.arcpy_style.standing_in import as_arcpy
    from gp_client.errors import InvalidInput
    from gp_client.wire.addresses import services_root

    from gpharness.client_access import complain

    if server is not None:
        try:
            services_root(server)
        except InvalidInput as error:
            complain("arcpy", f"--server: met {error.met}, expected {error.expected}")
            return WRONG_USAGE
    caught: list[int] = []
    with (
        _interruptible(caught),
        script_run(server=server, instead=server is not None, arguments=list(arguments)) as run,
    ):
        try:
            with _for_children(server) as place, _surroundings(script, arguments, place), as_arcpy():
                runpy.run_path(str(script), run_name="__main__")
        except SystemExit as ending:
            return _status(ending.code)
        except KeyboardInterrupt:
            _give_up(run)
            return 128 + caught[0] if caught else INTERRUPTED
        except BaseException as error:
            _show(error, script)
            return 1
    return 0


def _interruptible(caught: list[int]) -> contextlib.AbstractContextManager[None]:
    """Signals as KeyboardInterrupt, where a thread can have them at all."""
    from gpharness.client_access import interruptible

    is_main = threading.current_thread() is threading.main_thread()
    return interruptible(caught) if is_main else contextlib.nullcontext()


def _give_up(run: ScriptRun) -> None:
    """Cancel what the script has started, and say what may go on; a second Ctrl-C ends that, too."""
    print("gpharness arcpy: interrupted", file=sys.stderr)
    try:
        left = run.left_after_cancelling()
    except KeyboardInterrupt:
        return
    for job in left:
        print(f"gpharness arcpy: job {job.id} may go on: {job.url}", file=sys.stderr)


def stand_in_for_good(server: str | None) -> None:
    """Put the façade in the place of `arcpy` in a process that a script has started by multiprocessing."""
    from gp_client.arcpy_style.script_runs import script_run
    from gp_client.arcpy_style.standing_in import as_arcpy

    stack = contextlib.ExitStack()
    stack.enter_context(script_run(server=server, instead=server is not None))
    stack.enter_context(as_arcpy())
    atexit.register(stack.close)


@contextlib.contextmanager
def _for_children(server: str | None) -> Iterator[str]:
    """A folder where a process that is started anew, with the places to import from of this one, finds
    `arcpy`."""
    with tempfile.TemporaryDirectory(prefix="arcpy-") as folder:
        Path(folder, "arcpy.py").write_text(_IN_CHILDREN.format(server=server), "utf-8")
        yield folder


@contextlib.contextmanager
def _surroundings(script: Path, arguments: Sequence[str], place: str) -> Iterator[None]:
    """What Python has for a script: its words, and its folder to import from; `place` is one more."""
    words, places = sys.argv, sys.path
    main = sys.modules.get("__main__")
    sys.argv = [str(script), *arguments]
    sys.path = [str(script.resolve().parent), place, *places]
    try:
        yield
    finally:
        sys.argv, sys.path = words, places
        if main is not None:
            sys.modules["__main__"] = main


def _status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _show(error: BaseException, script: Path) -> None:
    """The traceback from the script on: what runs it is not shown."""
    linecache.checkcache(str(script))
    first: TracebackType | None = error.__traceback__
    while first is not None and first.tb_frame.f_code.co_filename != str(script):
        first = first.tb_next
    traceback.print_exception(type(error), error, first)
