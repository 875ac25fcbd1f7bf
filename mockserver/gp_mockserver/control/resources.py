"""What the control API has: each resource by its address, with what can be done with it.

The table is all that routing, refusals and the OpenAPI document know of.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from gp_mockserver.configuration.site_file_model import SiteForm
from gp_mockserver.configuration.timeline_forms import TimelineForm
from gp_mockserver.control import (
    answers,
    clock_actions,
    deviation_actions,
    event_streams,
    expectation_actions,
    job_actions,
    journal_actions,
    openapi,
    pages,
    server_actions,
    site_actions,
    task_actions,
)
from gp_mockserver.control.refusals import ErrorAnswer

JSON: Final = "application/json"


class Action(msgspec.Struct, frozen=True):
    """What a verb does. `run` is given an `Ask`, and after it the query and the body, where they have a form.

    `body` may be one of several forms, which the action then tells apart by itself. `fails`: what else it may
    answer with, beside what every action may.
    """

    does: str
    run: Callable[..., Awaitable[Any]]
    answer: type | tuple[type, ...] | None
    body: type[msgspec.Struct] | tuple[type[msgspec.Struct], ...] | None = None
    query: type[msgspec.Struct] | None = None
    status: int = 200
    media: str = JSON
    fails: tuple[int, ...] = (409,)
    refused: type[msgspec.Struct] = ErrorAnswer
    """What the answers of `fails` are."""
    changes: bool = True
    """Whether there may be news for who listens to events; only of verbs other than GET."""


class Resource(msgspec.Struct, frozen=True):
    """A resource below `__admin`. `of_server`: only at the root of the server; `of_site`: only under a
    context."""

    path: str
    actions: dict[str, Action]
    of_server: bool = False
    of_site: bool = False


_FIND = journal_actions.FindForm
_LISTS = (answers.RequestList, answers.FullRequestList)
_ALL = server_actions.AllForm

RESOURCES: Final[tuple[Resource, ...]] = (
    Resource("", {"GET": Action("What there is", pages.index, answers.Index)}),
    Resource(
        "docs/openapi.json",
        {"GET": Action("The description of this API, as OpenAPI 3.1", openapi.document, dict)},
    ),
    Resource("health", {"GET": Action("Whether the server serves", server_actions.health, answers.Health)}),
    Resource(
        "settings",
        {"GET": Action("What the server was started with", server_actions.settings, answers.Settings)},
        of_server=True,
    ),
    Resource(
        "shutdown",
        {"POST": Action("End the server, with exit status 0", server_actions.shut_down, answers.Done)},
        of_server=True,
    ),
    Resource(
        "reset",
        {
            "POST": Action(
                "Start anew: jobs, journal, expectations and deviations go, services and rules stay",
                server_actions.reset,
                answers.ResetDone,
                body=_ALL,
                query=_ALL,
            )
        },
    ),
    Resource(
        "sites",
        {
            "GET": Action("The sites", site_actions.sites, answers.SiteList),
            "POST": Action(
                "Make a site",
                site_actions.make,
                answers.SiteInfo,
                body=(site_actions.BuiltinForm, SiteForm),
                status=201,
            ),
        },
        of_server=True,
    ),
    Resource(
        "sites/{context}",
        {
            "GET": Action("A site", site_actions.site, answers.SiteInfo),
            "DELETE": Action("Take a site away, with its jobs and files", site_actions.remove, answers.Done),
        },
        of_server=True,
    ),
    Resource(
        "sites/{context}/reset",
        {"POST": Action("Let a site start anew", server_actions.reset_one, answers.ResetDone)},
        of_server=True,
    ),
    Resource("site", {"GET": Action("The site", site_actions.own_site, answers.SiteInfo)}, of_site=True),
    Resource(
        "tasks/{task:path}/rules",
        {
            "GET": Action("The rules of a task", task_actions.rules, answers.RuleList),
            "POST": Action(
                "Make a rule, which is asked before the others",
                task_actions.add_rule,
                answers.RuleList,
                body=task_actions.TaskRuleForm,
                status=201,
            ),
            "DELETE": Action("Forget the rules of a task", task_actions.clear_rules, answers.Cleared),
        },
    ),
    Resource(
        "tasks/{task:path}/timeline",
        {
            "GET": Action("How the jobs of a task go", task_actions.timeline, answers.TimelineInfo),
            "PUT": Action(
                "Have the jobs that are submitted from now on go otherwise",
                task_actions.set_timeline,
                answers.TimelineInfo,
                body=TimelineForm,
            ),
        },
    ),
    Resource(
        "jobs", {"GET": Action("The jobs", job_actions.jobs, answers.JobList, query=job_actions.JobsQuery)}
    ),
    Resource(
        "jobs/{job}",
        {
            "GET": Action("A job, without polling it", job_actions.job, answers.JobInfo),
            "DELETE": Action("Delete a job", job_actions.delete, answers.Done),
        },
    ),
    Resource(
        "jobs/{job}/hold",
        {
            "POST": Action(
                "Keep a job in its present phase until it is released",
                job_actions.hold,
                answers.JobInfo,
                body=job_actions.HoldJobForm,
            )
        },
    ),
    Resource(
        "jobs/{job}/release",
        {
            "POST": Action(
                "Open a gate for a job", job_actions.release, answers.JobInfo, body=job_actions.ReleaseJobForm
            )
        },
    ),
    Resource(
        "jobs/{job}/move",
        {
            "POST": Action(
                "Put a job into a status now", job_actions.move, answers.JobInfo, body=job_actions.MoveJobForm
            )
        },
    ),
    Resource("clock", {"GET": Action("What the clock shows", clock_actions.show, answers.ClockInfo)}),
    Resource(
        "clock/advance",
        {
            "POST": Action(
                "Let time pass at once",
                clock_actions.move_on,
                answers.ClockInfo,
                body=clock_actions.AdvanceForm,
            )
        },
    ),
    Resource(
        "clock/set",
        {
            "POST": Action(
                "Move the clock on to an instant",
                clock_actions.set_to,
                answers.ClockInfo,
                body=clock_actions.SetForm,
            )
        },
    ),
    Resource(
        "clock/freeze",
        {"POST": Action("Have the clock stand still", clock_actions.freeze, answers.ClockInfo)},
    ),
    Resource(
        "clock/run",
        {
            "POST": Action(
                "Have the clock run, at any rate",
                clock_actions.go,
                answers.ClockInfo,
                body=clock_actions.RunForm,
            )
        },
    ),
    Resource(
        "requests",
        {
            "GET": Action(
                "The last requests", journal_actions.requests, _LISTS, query=journal_actions.RequestsQuery
            ),
            "DELETE": Action("Forget the requests", journal_actions.clear, answers.Cleared, query=_ALL),
        },
    ),
    Resource(
        "requests/find",
        {"POST": Action("Find requests", journal_actions.find, _LISTS, body=_FIND, changes=False)},
    ),
    Resource(
        "requests/count",
        {"POST": Action("Count requests", journal_actions.count, answers.Count, body=_FIND, changes=False)},
    ),
    Resource(
        "requests/reset",
        {"POST": Action("Forget the requests", journal_actions.clear_by_post, answers.Cleared, body=_ALL)},
    ),
    Resource(
        "requests/unmatched",
        {
            "GET": Action(
                "The requests whose address leads nowhere, with what they came near to",
                journal_actions.unmatched,
                _LISTS,
                query=journal_actions.RequestsQuery,
            )
        },
    ),
    Resource(
        "requests/har",
        {"GET": Action("The journal as HAR 1.2", journal_actions.har, dict, query=journal_actions.HarQuery)},
    ),
    Resource(
        "requests/{number}",
        {"GET": Action("A request, with headers and bodies", journal_actions.request, answers.RequestInfo)},
    ),
    Resource(
        "deviations",
        {
            "GET": Action(
                "The deviations that are followed, or all that there are",
                deviation_actions.deviations,
                (answers.InjectionList, answers.Catalogue),
                query=deviation_actions.DeviationsQuery,
            ),
            "POST": Action(
                "Depart from the protocol from now on",
                deviation_actions.inject,
                answers.InjectionInfo,
                body=deviation_actions.DeviationForm,
                status=201,
            ),
            "DELETE": Action("Clear all deviations", deviation_actions.clear, answers.Cleared, query=_ALL),
        },
    ),
    Resource(
        "deviations/{id}",
        {
            "DELETE": Action(
                "Clear a deviation, by its id or label", deviation_actions.clear_one, answers.Done
            )
        },
    ),
    Resource(
        "expectations",
        {
            "GET": Action(
                "What is expected, and whether it came",
                expectation_actions.expectations,
                answers.ExpectationList,
            ),
            "POST": Action(
                "Expect requests from now on",
                expectation_actions.expect,
                answers.ExpectationInfo,
                body=(expectation_actions.ExpectationForm, expectation_actions.InOrderForm),
                status=201,
            ),
            "DELETE": Action(
                "Expect nothing any longer", expectation_actions.clear, answers.Cleared, query=_ALL
            ),
        },
    ),
    Resource(
        "expectations/verify",
        {
            "POST": Action(
                "Whether all went as it has to",
                expectation_actions.verify,
                answers.Verified,
                body=expectation_actions.VerifyForm,
                refused=answers.NotVerified,
                changes=False,
            )
        },
    ),
    Resource(
        "events",
        {
            "GET": Action(
                "Events as they happen, as server-sent events",
                event_streams.events,
                None,
                query=event_streams.EventsQuery,
                media="text/event-stream",
                fails=(503,),
            )
        },
    ),
    Resource("ui", {"GET": Action("The live page", pages.page, None, media="text/html")}),
    Resource("ui/{file}", {"GET": Action("A file of the live page", pages.page_file, None, media="*/*")}),
)


def resources_at(root: bool) -> list[Resource]:
    """Those that there are at the root of a server, or under a site's context."""
    return [each for each in RESOURCES if not (each.of_site if root else each.of_server)]
