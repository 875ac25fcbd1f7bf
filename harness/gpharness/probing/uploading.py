"""Uploading again what a conversation uploaded: a small file in its place, as contracts keep no file that was
sent."""

from __future__ import annotations

from typing import Any, Final

from gp_client.files.uploads import UploadSource, upload
from gp_client.sessions import Deadline
from gp_client.wire.addresses import service_url
from msgspec import UNSET

from gpharness.contracts.contract import Asked, Conversation
from gpharness.probing.operations import place_of
from gpharness.probing.prober import Prober

SIZE: Final = 128 * 1024
"""Bytes of the file that is sent: more than a server reads at once."""
_NAME: Final = "gpharness.txt"
_LINE: Final = b"gpharness sends this file to see whether a file is taken.\n"


def uploads_of(prober: Prober, conversation: Conversation, deadline: Deadline) -> dict[str, str]:
    """Upload for each upload of a conversation; the new items' ids by the recorded ones. Raises GPError.

    One that was registered and committed in parts is sent in parts again.
    """
    found: dict[str, str] = {}
    for asked in conversation.asked:
        verb = asked.path.rstrip("/").rpartition("/")[2].lower()
        if asked.operation != "upload" or verb not in ("upload", "register"):
            continue
        place = place_of(f"/{asked.path.lstrip('/')}", "")
        service = place.service or conversation.task.rpartition("/")[0]
        name = asked.parameters.get("itemName") or _NAME
        part_size = SIZE // 2 if verb == "register" else None
        content = (_LINE * (SIZE // len(_LINE) + 1))[:SIZE]
        reference = prober.run(
            upload(
                prober.session,
                service_url(prober.root, service),
                UploadSource.of(content, name),
                description=asked.parameters.get("description", ""),
                part_size=part_size,
                deadline=deadline,
            )
        )
        found[_item_id(asked) or reference.item_id] = reference.item_id
    return found


def _item_id(asked: Asked) -> str:
    """The id that was given then."""
    answer: Any = asked.answer.json
    item = answer.get("item") if answer is not UNSET and isinstance(answer, dict) else None
    found = item.get("itemID") if isinstance(item, dict) else None
    return found if isinstance(found, str) else ""
