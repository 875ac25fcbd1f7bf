"""What a service takes as an upload: how large, and of which types.

Source: ArcGIS REST, *Uploads*, limiting upload file size and file types. That a file without an extension is
refused where types are listed, and what the errors say, is *assumed*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from gp_mockserver.uploads.file_names import extension
from gp_mockserver.wire.replies import Refusal

MEBIBYTE: Final = 1024 * 1024
ANY_TYPE: Final = "*"
"""What `allowedUploadFileTypes` says where every type is taken; *assumed*."""


class UploadRules(msgspec.Struct, frozen=True):
    """`max_file_size` in bytes, of one file or of all the parts of an item; `file_types` are extensions in
    lower case without a dot, none of them: any."""

    max_file_size: int
    file_types: tuple[str, ...] = ()

    def check_type(self, name: str) -> None:
        """Raises Refusal for a file whose name has none of the extensions."""
        met = extension(name)
        if self.file_types and met not in self.file_types:
            shown = f'type "{met[:40]}"' if met else "no extension"
            raise Refusal(
                "upload-refused",
                f"{name[:80]}: met {shown}, expected {' or '.join(self.file_types)}: "
                "this service's file types (uploads.fileTypes)",
            )

    def too_large(self, name: str) -> Refusal:
        """What a file is refused with that is larger than the service takes."""
        return Refusal(
            "upload-refused",
            f"{name[:80]}: met more than {in_words(self.max_file_size)}, expected at most that: "
            "this service's maximum file size (uploads.maxFileSize, limits.upload)",
        )

    def as_info(self) -> dict[str, Any]:
        """The resource `uploads/info`: the size in megabytes, a whole number where it is one."""
        size = self.max_file_size / MEBIBYTE
        return {
            "maxUploadFileSize": int(size) if size == int(size) else round(size, 6),
            "allowedUploadFileTypes": ",".join(self.file_types) or ANY_TYPE,
        }


def as_file_types(words: Sequence[str]) -> tuple[str, ...]:
    """Extensions as people write them (`.TXT`, `json`) as rules have them."""
    return tuple(dict.fromkeys(word.strip().lstrip(".").lower() for word in words))


def in_words(size: int) -> str:
    """A number of bytes as people read it: `10 MB`, `1500 bytes`."""
    for unit, step in (("GB", 1024**3), ("MB", MEBIBYTE), ("KB", 1024)):
        if size >= step and size % step == 0:
            return f"{size // step} {unit}"
    return f"{size} bytes"
