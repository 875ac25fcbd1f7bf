"""Doing what was planned: one conversation after the other, with what they need before and beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import msgspec
from gp_client.errors import DeadlineExceeded, GPError, ServerError, TransportError
from gp_client.files.uploads import UploadSource, upload
from gp_client.following import follow
from gp_client.jobs import read_submission
from gp_client.wire.addresses import is_home, service_url, task_url
from gp_client.wire.exchange import ask

from gpharness.contracts.contract import Answer, Asked, Contract, Conversation
from gpharness.probing.conversing import Observed, converse, file_urls
from gpharness.probing.prober import Prober
from gpharness.recording.own_hosts import results_in
from gpharness.recording.pieces import decoded
from gpharness.recording.plans import Described, Run
from gpharness.recording.wrong_requests import path_of_task

_JSON: Final = {"f": "json"}
_OURS: Final = (TransportError, DeadlineExceeded)
"""Errors that are no answer of the server's."""


def run_task(prober: Prober, run: Run, described: Described, contract: Contract) -> str:
    """Run a task with a set of inputs; what the contract will lack of it, empty where it is whole. Raises
    GPError where a file cannot be uploaded."""
    task = described.tasks[run.task]
    service = run.task.rpartition("/")[0]
    items: dict[str, Any] = {}
    for name, file in run.inputs.uploads.items():
        flow = upload(
            prober.session,
            service_url(prober.root, service),
            UploadSource.of(file),
            deadline=prober.until(),
        )
        items[name] = prober.run(flow)
    asked = []
    if run.cancelled:
        path = f"{path_of_task(run.task)}/jobs/{{job}}/cancel"
        asked.append(Asked("cancel", path, Answer(), method="POST", parameters=dict(_JSON), after=0.0))
    conversation = Conversation(
        name=run.name,
        kind="execute" if task.is_synchronous else "job",
        task=run.task,
        inputs=run.inputs.texts(task, items),
        parameters=dict(_JSON),
        asked=asked,
    )
    observed = converse(prober, conversation, contract)
    if task.is_synchronous is None and _is_wrong_verb(observed.error):
        executed = msgspec.structs.replace(conversation, kind="execute")
        observed = converse(prober, executed, contract)
    _ask_for_data(prober, observed)
    return "; ".join(filter(None, (shortcoming(observed), _of_other_hosts(prober, observed))))


def _is_wrong_verb(error: GPError | None) -> bool:
    """Whether a task that does not tell how it runs refused to be submitted, as a synchronous one does."""
    return isinstance(error, ServerError) and "error performing submitjob" in error.message.lower()


def _ask_for_data(prober: Prober, observed: Observed) -> None:
    """Results that came as pictures, of a result map service, once more as features (*GP Result*,
    `returnType`)."""
    urls = [each.url for each in observed.exchanges if each.operation == "result" and _is_picture(each.body)]
    for url in dict.fromkeys(urls):
        prober.look(url.partition("?")[0], {**_JSON, "returnType": "data"})


def _is_picture(body: bytes) -> bool:
    if b'"mapImage"' not in body:
        return False
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return False
    value = answer.get("value") if isinstance(answer, dict) else None
    return isinstance(value, dict) and "mapImage" in value


def ask_wrongly(prober: Prober, conversation: Conversation, contract: Contract) -> str:
    """Have a conversation that is wrong on purpose; an error is what it is for."""
    if any(each.operation == "result" for each in conversation.asked):
        return _ask_early(prober, conversation)
    observed = converse(prober, conversation, contract)
    return shortcoming(observed) if isinstance(observed.error, _OURS) else _of_files(observed)


def is_early(conversation: Conversation) -> bool:
    """Whether a job's results were asked for before its end."""
    return conversation.kind == "job" and any(_early(conversation))


def ask_again(prober: Prober, conversation: Conversation, contract: Contract) -> str:
    """Have a recorded conversation once more; what cannot be had of it, empty where it is whole."""
    if is_early(conversation):
        return _ask_early(prober, msgspec.structs.replace(conversation, asked=list(_early(conversation))))
    return shortcoming(converse(prober, conversation, contract))


def _early(conversation: Conversation) -> Iterator[Asked]:
    end = conversation.trace[-1].after if conversation.trace else 0.0
    for each in conversation.asked:
        if each.operation == "result" and each.after is not None and each.after < end:
            yield each


def _ask_early(prober: Prober, conversation: Conversation) -> str:
    """Submit a job, ask at once for what it cannot have yet, and follow it to its end."""
    service, _, label = conversation.task.rpartition("/")
    url = task_url(prober.root, service, label)
    deadline = prober.until()
    sent = {**conversation.inputs, **conversation.parameters}
    flow = ask(prober.session, f"{url}/submitJob", sent, safe=False, deadline=deadline)
    job = read_submission(prober.run(flow), url, f"{url}/submitJob")
    for asked in conversation.asked:
        prober.look(asked.path.replace("{job}", job.id), asked.parameters, method=asked.method)
    prober.run(follow(prober.session, job, deadline))
    return ""


def shortcoming(observed: Observed) -> str:
    """What a conversation lacks, as a phrase; empty where it is whole. A task that fails is whole. Raises
    TransportError where an answer did not come: what was told until then is the half of a conversation."""
    if isinstance(observed.error, TransportError):
        raise observed.error
    return _of_files(observed) or _of_time(observed) or _of_error(observed.error)


def _of_time(observed: Observed) -> str:
    if not isinstance(observed.error, DeadlineExceeded):
        return ""
    return f"{observed.error.text}; its trace ends there"


def _of_files(observed: Observed) -> str:
    large = [each.name or "an answer" for each in observed.exchanges if each.fault == "size"]
    return f"without what is larger than --max-bytes: {', '.join(dict.fromkeys(large))}" if large else ""


def _of_other_hosts(prober: Prober, observed: Observed) -> str:
    """Files that were not fetched, since they are at another address than the server's."""
    answers = [
        result
        for each in observed.exchanges
        if each.operation in ("result", "execute")
        for result in results_in(decoded(each.body))
    ]
    settings = prober.session.settings
    addresses = (urljoin(f"{prober.root}/", url) for url in file_urls(answers))
    hosts = dict.fromkeys(
        urlsplit(url).netloc.rpartition("@")[2]
        for url in addresses
        if url.lower().startswith(("http:", "https:"))
        and not is_home(url, prober.root, settings.trusted_hosts)
    )
    if not hosts:
        return ""
    trusted = " ".join(f"--trust {host}" for host in hosts)
    return f"without the files that are at {', '.join(hosts)}; {trusted} fetches them"


def _of_error(error: GPError | None) -> str:
    return "" if error is None else error.text
