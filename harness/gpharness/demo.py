"""`gpharness demo`: the documentation's REST scripts, run against the built-in site over loopback HTTP.

The scripts are those of `examples/`, unchanged. What is shown is what went over the wire.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gp_mockserver import serve
from gp_mockserver.builtin.builtin_site import builtin_site
from rich.console import Console
from rich.text import Text

from gpharness.standard_output import OutputLost, give_up, written
from gpharness.watched_scripts import Exchange, run_script

PACKAGE = Path(__file__).parent
EXAMPLES = (PACKAGE / "examples", PACKAGE.parents[1] / "examples")
"""Where the example scripts stand: inside an installed wheel, beside the packages in a checkout."""

STATUS_STYLES = {"esriJobSucceeded": "green", "esriJobFailed": "red"}
MESSAGE_STYLES = {"Informative": "dim", "Warning": "yellow", "Error": "red"}


@dataclass(frozen=True, slots=True)
class Chapter:
    """A script, the task it runs, and what must come of it: a job's last status, a feature result's name."""

    title: str
    script: str
    task: str
    ends_with: str | None = None
    result: str | None = None


CHAPTERS = (
    Chapter(
        "Execute a synchronous task by POST",
        "execute_viewshed.py",
        "Elevation/ESRI_Elevation_World/GPServer/Viewshed",
        result="Viewshed_Result",
    ),
    Chapter(
        "The same by GET, as typed into a browser: single quotes, empty env:outSR",
        "execute_by_get.py",
        "Elevation/ESRI_Elevation_World/GPServer/Viewshed",
        result="Viewshed_Result",
    ),
    Chapter(
        "Submit a job, poll it, fetch its result by paramUrl",
        "submit_viewshed_job.py",
        "WorldViewshed/GPServer/viewshed",
        ends_with="esriJobSucceeded",
        result="Viewshed_Result",
    ),
    Chapter(
        "A job that fails, and why",
        "watch_a_failing_job.py",
        "Simulation/JobOutcomes/GPServer/Fails",
        ends_with="esriJobFailed",
    ),
)


class PipeConsole(Console):
    """A console that reports a reader who has left as the error that it is."""

    def on_broken_pipe(self) -> None:
        raise


class Narrator:
    """Prints a tour. Colours only in a terminal, never with NO_COLOR or CI."""

    def __init__(self) -> None:
        plain = os.environ.get("NO_COLOR") or os.environ.get("CI")
        terminal = False if plain else None
        self._console = PipeConsole(file=sys.stdout, force_terminal=terminal, highlight=False)

    def say(self, text: str, style: str = "") -> None:
        with written():
            self._console.print(Text(text, style=style), soft_wrap=True)

    def exchange(self, exchange: Exchange) -> None:
        self.say(f"  > {exchange.method} {exchange.path}", "bold cyan")
        width = max((len(name) for name, _ in exchange.parameters), default=0)
        for name, value in exchange.parameters:
            self.say(f"      {name:<{width}} = {value}", "cyan")
        milliseconds = exchange.seconds * 1000
        status = exchange.answer.get("jobStatus") if isinstance(exchange.answer, dict) else None
        size = f"{exchange.status}, {milliseconds:.0f} ms, {len(exchange.body)} bytes"
        self.say(f"  < {size}: {answer_in_short(exchange)}", STATUS_STYLES.get(status or "", "blue"))

    def script_line(self, line: str) -> None:
        self.say(f"  | {line}")

    def life(self, exchanges: list[Exchange]) -> None:
        """A job's states with the moments when they were first seen, and the messages of its last answer."""
        looks = [(exchange, exchange.answer) for exchange in exchanges if is_job(exchange.answer)]
        if not looks:
            return
        self.say("  The life of the job, in seconds after it was submitted")
        began = looks[0][0].at
        seen = ""
        for exchange, job in looks:
            if job["jobStatus"] != seen:
                seen = job["jobStatus"]
                self.say(f"    {exchange.at - began:5.1f}  {seen}", STATUS_STYLES.get(seen, ""))
        self.say("  Its messages")
        for message in looks[-1][1].get("messages", []):
            kind = str(message["type"]).removeprefix("esriJobMessageType")
            self.say(f"    {kind:<11}  {message['description']}", MESSAGE_STYLES.get(kind, ""))


def is_job(answer: Any) -> bool:
    return isinstance(answer, dict) and "jobStatus" in answer


def results_in(answer: Any) -> Iterator[dict[str, Any]]:
    """The result objects of an execute's or a result's answer."""
    if isinstance(answer, dict):
        yield from answer.get("results", []) if isinstance(answer.get("results"), list) else []
        if "paramName" in answer:
            yield answer


def answer_in_short(exchange: Exchange) -> str:
    """One line on what an answer says."""
    answer = exchange.answer
    if not isinstance(answer, dict):
        return "not JSON"
    if "error" in answer:
        error = answer["error"]
        return f"error {error.get('code')}: {error.get('message')} {'; '.join(error.get('details', []))}"
    if is_job(answer):
        return str(answer["jobStatus"])
    return ", ".join(result_in_short(result) for result in results_in(answer)) or ", ".join(answer)


def result_in_short(result: dict[str, Any]) -> str:
    value = result["value"]
    text = f"{result['paramName']} ({result['dataType']})"
    if isinstance(value, dict) and "features" in value:
        wkid = value.get("spatialReference", {}).get("wkid")
        return f"{text}: {len(value['features'])} feature(s) in wkid {wkid}"
    return f"{text}: {value}"


def shortcomings(chapter: Chapter, exchanges: list[Exchange]) -> Iterator[str]:
    """What did not go as told."""
    statuses = [exchange.answer["jobStatus"] for exchange in exchanges if is_job(exchange.answer)]
    if chapter.ends_with and statuses[-1:] != [chapter.ends_with]:
        yield f"expected the job to end with {chapter.ends_with}, met {statuses}"
    if chapter.result:
        values = [
            result["value"]
            for exchange in exchanges
            for result in results_in(exchange.answer)
            if result["paramName"] == chapter.result
        ]
        if not values or not values[-1].get("features"):
            yield f"expected features in {chapter.result}, met {values[-1:] or 'no such result'}"


def example(name: str) -> Path:
    """The example script of this name."""
    return next(folder / name for folder in EXAMPLES if (folder / name).is_file())


def run_chapter(narrator: Narrator, chapter: Chapter, services_url: str) -> bool:
    """Run one script and show what happens; whether it went as told."""
    exchanges: list[Exchange] = []

    def hear(exchange: Exchange) -> None:
        exchanges.append(exchange)
        narrator.exchange(exchange)

    complaint = run_script(
        example(chapter.script),
        f"{services_url}/{chapter.task}",
        on_exchange=hear,
        on_line=narrator.script_line,
    )
    narrator.life(exchanges)
    problems = [complaint] if complaint else list(shortcomings(chapter, exchanges))
    for problem in problems:
        narrator.say(f"  ! {problem}", "bold red")
    return not problems


def run_demo() -> int:
    """Run every chapter; 0 if all went as told, 1 if not, 130 after Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        narrator = Narrator()
        try:
            return tour(narrator)
        except KeyboardInterrupt:
            narrator.say("interrupted")
            return 130
    except OutputLost as error:
        return give_up("demo", error)


def tour(narrator: Narrator) -> int:
    """Run every chapter against a server of their own; 0 if all went as told, else 1."""
    with serve(builtin_site()) as server:
        services_url = f"{server.url}/rest/services"
        narrator.say(f"A mock server at {services_url}; > is sent, < is received, | is printed.")
        went_well = 0
        for number, chapter in enumerate(CHAPTERS, 1):
            narrator.say("")
            narrator.say(f"{number}. {chapter.title} ({chapter.script})", "bold")
            went_well += run_chapter(narrator, chapter, services_url)
    narrator.say("")
    narrator.say(f"{went_well} of {len(CHAPTERS)} scripts went as told.", "bold")
    if went_well < len(CHAPTERS):
        return 1
    narrator.say("Next: `gpharness serve`, then point a client at http://127.0.0.1:8585/arcgis/rest/services")
    return 0
