"""One request through the deviations of its site: what applies before it is answered, and what after.

In the order of the stages: the connection, delays, answers in the operation's place, what the operation sees,
then the answer's JSON, its bytes, its head, and how it goes out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING

from gp_protocol.job_states import FINAL

from gp_mockserver.deviations.actions import (
    AnswerAs,
    Cut,
    Delay,
    Error,
    ForgetJob,
    Instead,
    Redirect,
    Replay,
    SetTimeline,
    Stage,
    StopReading,
)
from gp_mockserver.deviations.captured_answers import RELEASE, Capture, job_status
from gp_mockserver.deviations.conflicts import by_limits
from gp_mockserver.deviations.doors import answer_as_stranger, other_origins
from gp_mockserver.deviations.edited_answers import edit_body, edit_head, edit_json, of_stage
from gp_mockserver.deviations.given_answers import (
    GivenAnswer,
    answer_instead,
    error_answer,
    fills_of,
    is_page,
    redirect,
)
from gp_mockserver.deviations.injections import Injection
from gp_mockserver.deviations.job_statuses import status_of
from gp_mockserver.deviations.json_editing import Editing
from gp_mockserver.deviations.json_edits import template_of
from gp_mockserver.deviations.occasions import declared_types, occasion_of
from gp_mockserver.deviations.operation_changes import OperationChanges
from gp_mockserver.deviations.request_bodies import form_value, read_ahead, throw_away
from gp_mockserver.deviations.sending import end_connection, failing_of, followed_over, send_by
from gp_mockserver.deviations.steps import Step
from gp_mockserver.wire.requests import COURSE
from gp_mockserver.wire.sending import cross_origin
from gp_mockserver.wire_access import wire_of

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from gp_mockserver.deviations.injections import Deviations
    from gp_mockserver.deviations.selectors import Occasion
    from gp_mockserver.sites import Site

_EDITED_UP_TO = 64 * 1024 * 1024
"""Bytes: a longer answer is passed on as it is."""
_KEPT_ANSWERS = 64
_KEPT_UP_TO = 1024 * 1024

Serve = Callable[["Scope", "Receive", "Send"], Awaitable[None]]
ServeSite = Callable[["Site", str, "Scope", "Receive", "Send"], Awaitable[None]]


async def deviate(
    site: Site,
    sets: Sequence[Deviations],
    path: str,
    scope: Scope,
    receive: Receive,
    send: Send,
    serve_site: ServeSite,
) -> None:
    """Answer a request to a site as its deviations have it; `serve_site` answers as it would without them."""
    occasion = occasion_of(site, path, scope)
    injections = [each for one in sets for each in one.on(occasion.operation)]
    if scope["method"] == "OPTIONS":
        injections = [each for each in injections if each.is_about_preflights]
    injections = followed_over(scope, injections)
    place = site.doors.place_of(scope)
    if place == "strange":
        await answer_as_stranger(path, scope, receive, send)
        return
    if not injections or place is not None:
        await serve_site(site, path, scope, receive, send)
        return

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await serve_site(site, path, scope, receive, send)

    await Course(site, injections, occasion, scope).run(receive, send, serve)


class Course:
    """The way of one request."""

    def __init__(self, site: Site, injections: list[Injection], occasion: Occasion, scope: Scope) -> None:
        self.site = site
        self.occasion = occasion
        self.scope = scope
        self._injections = injections
        self._owners: dict[int, Injection] = {}
        self._applied: list[Injection] = []
        self._steps: list[Step] = []
        self._changes = OperationChanges([], self._apply)

    async def run(self, receive: Receive, send: Send, serve: Serve) -> None:
        """Answer the request."""
        occasion = self.occasion
        if any(_looks_at_tokens(each) for each in self._injections) and not occasion.token:
            body, receive = await read_ahead(receive)
            occasion.token = form_value(body, "token")
        if any(each.looks_at_forms for each in self._injections):
            occasion.body, receive = await read_ahead(receive)
        await self._find_status()
        steps = self._steps = self._by_limits(self._take(after=False))
        self._changes = OperationChanges(steps, self._apply)
        if await self._end_early(
            of_stage(steps, Stage.NETWORK), of_stage(steps, Stage.CONNECTION), receive, send
        ):
            return
        await self._wait(of_stage(steps, Stage.BEFORE), "before")
        for step in self._found(ForgetJob):
            self._apply(step)
            self.site.store.delete(occasion.job_id, occasion.at)
        replacing = self._replacing(steps)
        if replacing is not None and not replacing.then:
            await self._answer_instead(replacing, receive, send)
            return
        inner = self._inner_scope()
        may_edit = any(step.is_after or _is_replay(step) for each in self._injections for step in each.steps)
        if replacing is None and not may_edit and not self._delays("head") and not self._delays("body"):
            await self._serve(serve, inner, receive, send)
            self._note()
            return
        captured = Capture(send, _EDITED_UP_TO)
        await self._serve(serve, {**inner, RELEASE: captured.release}, receive, captured.take)
        answer = captured.answer
        if answer is None:  # it has gone out already, or the client has left
            self._note()
            return
        if replacing is not None:
            await self._replace(replacing, receive, send)
            return
        self._keep(answer)
        await self._finish(answer, receive, send)

    async def _serve(self, serve: Serve, scope: Scope, receive: Receive, send: Send) -> None:
        step = next(iter(self._found(AnswerAs)), None)
        if step is None:
            await serve(scope, receive, send)
            return
        from gp_mockserver.deviations.other_versions import answering_as, differs

        if differs(step.action.version, self.site, self.occasion.service):
            self._apply(step)
        with answering_as(step.action.version):
            await serve(scope, receive, send)

    async def _finish(self, answer: GivenAnswer, receive: Receive, send: Send) -> None:
        """Change an answer that is there, and send it."""
        occasion = self.occasion
        if status := job_status(answer, occasion):
            occasion.status = await self._ended_already() or status
            self.site.deviations.job_statuses[occasion.job_id] = status
        steps = self._take(after=True)
        if is_page(answer):
            steps = [step for step in steps if not self._owners[id(step)].is_about_json]
        fills = self._fills()
        json_steps = of_stage(steps, Stage.JSON)
        if json_steps:
            templates = "".join(template_of(step.action) for step in json_steps)
            fills = fills | other_origins(self.site, self.scope, templates)
            known = {**fills, "token": occasion.token} if occasion.token else fills
            editing = Editing(known, self.site.seed, declared=declared_types(self.site, occasion))
            edit_json(answer, json_steps, editing, self._apply)
        edit_body(answer, self._by_limits(of_stage(steps, Stage.BYTES), last=True), self._apply)
        edit_head(answer, self._by_limits(of_stage(steps, Stage.HEAD), last=True), fills, self._apply)
        await self._send(answer, self._by_limits(of_stage(steps, Stage.WIRE)), receive, send)

    async def _send(self, answer: GivenAnswer, steps: list[Step], receive: Receive, send: Send) -> None:
        for step in steps:
            self._apply(step)
        await self._wait(self._steps, "head")
        if self._delays("body"):
            send = self._with_a_late_body(send)
        self._note()
        await send_by(steps, answer, self.scope, receive, send)

    def _with_a_late_body(self, send: Send) -> Send:
        waited = False

        async def late(message: Message) -> None:
            nonlocal waited
            if message["type"] == "http.response.body" and not waited:
                waited = True
                await send({"type": "http.response.body", "body": b"", "more_body": True})
                await self._wait(self._steps, "body")
            await send(message)

        return late

    def _take(self, *, after: bool) -> list[Step]:
        taken = []
        for each in self._injections:
            for step in each.take(self.occasion, after=after, begun=each in self._applied):
                if step.action is None:
                    continue
                self._owners[id(step)] = each
                taken.append(step)
        return taken

    def _by_limits(self, steps: list[Step], *, last: bool = False) -> list[Step]:
        """The steps, those that are limited most first, or last; else as they were injected."""
        way = -1 if last else 1
        return sorted(steps, key=lambda step: way * by_limits(self._owners[id(step)], step))

    def _apply(self, step: Step) -> None:
        """Note that a step had an effect: once for each deviation and request."""
        owner = self._owners[id(step)]
        if owner not in self._applied:
            owner.note()
            self._applied.append(owner)

    def _note(self) -> None:
        """Say in the journal what has been followed."""
        entry = self.scope.get("gpharness.entry")
        if entry is not None:
            entry.deviations = tuple(each.label for each in self._applied)

    def _found(self, *kinds: type) -> list[Step]:
        return [step for step in self._steps if isinstance(step.action, kinds)]

    async def _end_early(
        self, network: list[Step], connection: list[Step], receive: Receive, send: Send
    ) -> bool:
        """What ends the request before it is read; whether anything did."""
        failing = failing_of(self.scope)
        for step in network:
            if failing is not None and step.name in _AT_CONNECT:
                self._apply(step)
                self._note()
                failing.fail(_AT_CONNECT[step.name])
                return True
        for step in connection:
            if isinstance(step.action, StopReading):
                self._apply(step)
                self._note()
                await throw_away(receive, step.action.at)
                wire = wire_of(self.scope)
                if wire is not None:
                    wire.take_over()
                    wire.stop_reading()
                    await wire.gone()
                elif failing is not None:
                    failing.fail("stalled")
                return True
        return False

    def _delays(self, place: str) -> list[Step]:
        return [step for step in self._found(Delay) if step.action.at == place]

    async def _wait(self, steps: Iterable[Step], place: str) -> None:
        seconds = 0.0
        for step in steps:
            if isinstance(step.action, Delay) and step.action.at == place:
                owner = self._owners[id(step)]
                seed = f"{self.site.seed}/{owner.label}/{self.occasion.operation}/{owner.applied}"
                seconds += step.action.seconds + Random(seed).random() * step.action.jitter
                self._apply(step)
        if seconds:
            self._note()
            clock = self.site.clock
            await (asyncio.sleep(seconds) if clock.jumps else clock.sleep(seconds))

    def _replacing(self, steps: list[Step]) -> Step | None:
        """The first step that answers in the operation's place; an answer that is to come again has to be
        there."""
        for step in steps:
            if step.replaces and step.stage is Stage.BEFORE:
                if isinstance(step.action, Replay) and self._kept_answer(step) is None:
                    continue
                return step
        return None

    async def _answer_instead(self, step: Step, receive: Receive, send: Send) -> None:
        early = step.action.reads if isinstance(step.action, Instead) else None
        body = b""
        if early is None:
            body, receive = await read_ahead(receive)
        if not await throw_away(receive, early):
            return
        await self._replace(step, receive, send, body=body, closes=early is not None)

    async def _replace(
        self, step: Step, receive: Receive, send: Send, *, body: bytes = b"", closes: bool = False
    ) -> None:
        self._apply(step)
        action = step.action
        if isinstance(action, Cut):
            self._note()
            await self._wait(self._steps, "head")
            await end_connection(action.with_, self.scope, send)
            return
        match action:
            case Instead():
                answer = answer_instead(action, self.site)
            case Error():
                answer = error_answer(action, self.site, self.occasion, as_page=self._asks_for_a_page(body))
            case Redirect():
                answer = redirect(action, self._fills() | other_origins(self.site, self.scope, action.to))
            case _:
                kept = self._kept_answer(step)
                assert kept is not None
                answer = kept
        answer.headers = [*answer.headers, *cross_origin(self.scope)]
        if closes:
            answer.headers.append((b"connection", b"close"))
        await self._finish(answer, receive, send)

    def _asks_for_a_page(self, body: bytes) -> bool:
        from urllib.parse import parse_qs

        asked = parse_qs(self.scope["query_string"].decode("latin-1")).get("f", [""])[0] or form_value(
            body, "f"
        )
        return (asked or ("html" if self.scope["method"] == "GET" else "")).lower() == "html"

    def _keep(self, answer: GivenAnswer) -> None:
        """Keep an answer that may be sent again; that to a submit is the first one about its job."""
        if len(answer.body) > _KEPT_UP_TO:
            return
        keys = [(self.occasion.operation, self.occasion.job_id)]
        keys += [("job", self._changes.made_job)] if self._changes.made_job else []
        for each in self._injections:
            if any(_is_replay(step) for step in each.steps):
                for key in keys:
                    kept = each.answers.setdefault(key, [])
                    kept.append(GivenAnswer(answer.status, list(answer.headers), answer.body))
                    del kept[1 : len(kept) - _KEPT_ANSWERS + 1]

    def _kept_answer(self, step: Step) -> GivenAnswer | None:
        owner = self._owners[id(step)]
        kept = owner.answers.get((self.occasion.operation, self.occasion.job_id), [])
        nth = step.action.nth
        if not kept or abs(nth) > len(kept):
            return None
        found = kept[nth - 1 if nth > 0 else nth]
        return GivenAnswer(found.status, list(found.headers), found.body)

    async def _find_status(self) -> None:
        """The status of the request's job, before anything is done."""
        if job_id := self.occasion.job_id:
            known = self.site.deviations.job_statuses
            self.occasion.status = await status_of(self.site, self.occasion, job_id) or known.get(job_id, "")

    async def _ended_already(self) -> str:
        """The status of a job that a deviation had end before its submission was answered, else nothing."""
        made = self._changes.made_job if self._found(SetTimeline) else ""
        status = await status_of(self.site, self.occasion, made) if made else ""
        return status if status in FINAL else ""

    def _inner_scope(self) -> Scope:
        """The request as the operation is to see it: an answer that may be edited comes unpacked."""
        headers = [each for each in self.scope["headers"] if each[0] != b"accept-encoding"]
        return {**self.scope, "headers": headers, COURSE: self._changes}

    def _fills(self) -> dict[str, str]:
        """What templates may say of the request."""
        return fills_of(self.site, self.scope, self.occasion.job_id or self._changes.made_job)


_AT_CONNECT = {
    "refuse": "refused",
    "never-accept": "connect-timeout",
    "accept-only": "silent",
    "close-at-accept": "closed",
    "certificate": "tls",
}


def _looks_at_tokens(injection: Injection) -> bool:
    return injection.where.until != "cleared" or any(
        "{token}" in template_of(step.action) for step in injection.steps
    )


def _is_replay(step: Step) -> bool:
    return isinstance(step.action, Replay) or any(map(_is_replay, step.turns))
