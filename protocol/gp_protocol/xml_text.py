"""Text as XML can hold it."""

from __future__ import annotations

import re
from typing import Final

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """A text without the characters that no XML 1.0 document can hold, escaped or not: a replacement
    character stands for each."""
    return _NO_XML.sub("�", text)
