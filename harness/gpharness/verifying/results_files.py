"""Where the files of results are said to be."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from gp_client.wire.addresses import is_home, origin_of, same_host

from gpharness.contracts.contract import Contract, Conversation
from gpharness.probing.conversing import file_urls
from gpharness.verifying.looks import Look


def check_file_urls(look: Look, conversation: Conversation, contract: Contract, root: str) -> None:
    """Note in the look at a result, or at an execute, an address that is relative, or of a host which is not
    the server's. Where the contract has one of another host, too, it is as promised."""
    for url in file_urls(_answers(look.value)):
        if not urlsplit(url).scheme:
            look.find("file.url", "an absolute address", url[:200], "value.url")
        elif not is_home(url, root, ()) and not _was_elsewhere(conversation, contract):
            met = str(origin_of(url) or url)[:200]
            look.find("file.url", "an address of the server's host", met, "value.url")


def _answers(value: Any) -> list[Any]:
    listed = value.get("results") if isinstance(value, dict) else None
    return listed if isinstance(listed, list) else [value]


def _was_elsewhere(conversation: Conversation, contract: Contract) -> bool:
    """Whether a recorded result of the conversation has a file that is not on the recorded server."""
    recorded = [*conversation.results.values(), *filter(None, [conversation.submission])]
    home = contract.server.url or contract.provenance.of
    urls = [url for each in recorded for url in file_urls(_answers(each.json))]
    return any(urlsplit(url).scheme and not same_host(url, home) for url in urls)
