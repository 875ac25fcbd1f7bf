"""Inputs that stand elsewhere: an uploaded item, an address of the site's own, an address of a listed host.

A reference is followed when the tool asks for what it refers to, in the tool's worker thread, so that a task
that only passes references on needs nothing of them.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from gp_protocol.errors import ProtocolError
from gp_protocol.lenient_json import decode_json
from gp_protocol.values.data_types import data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.parameter_specs import ParameterSpec
from gp_protocol.values.references import ItemReference, LayerReference

from gp_mockserver.running.own_addresses import Content, LocalFile, NotThere, content_of, own_place
from gp_mockserver.running.references_given import Reference, dataset_name, item_id_of
from gp_mockserver.sites import ServedService
from gp_mockserver.uploads.file_names import plain_name
from gp_mockserver.wire.replies import Refusal

_LAYER = re.compile(r"/(FeatureServer|MapServer)/\d+/?$")


class NotReadable(Exception):
    """What a reference refers to cannot be had: how errors call it, and why."""

    def __init__(self, dataset: str, why: str) -> None:
        super().__init__(dataset, why)
        self.dataset = dataset
        self.why = why


class InputReferences:
    """What the references of one run refer to; what was fetched for it is removed at its end."""

    def __init__(self, service: ServedService, roots: str, folder: str) -> None:
        self._service = service
        self._site = service.site
        self._roots = roots
        self._folder = folder
        self._kept: dict[Reference, LocalFile] = {}
        self._bytes = 0
        self._has_folder = False

    def features(self, reference: Reference, spec: ParameterSpec) -> FeatureSet:
        """The features of a layer, or those in a file. Raises NotReadable."""
        content = self._content(reference)
        if isinstance(content, LocalFile):
            content = self._parsed(content, reference, "GPFeatureRecordSetLayer", spec)
        if not isinstance(content, FeatureSet):
            raise NotReadable(dataset_name(reference), "met rows of a table, expected features")
        return content

    def records(self, reference: Reference, spec: ParameterSpec) -> RecordSet:
        """The rows of a table, of a layer without its geometries, or those in a file. Raises NotReadable."""
        content = self._content(reference)
        if isinstance(content, LocalFile):
            content = self._parsed(content, reference, "GPRecordSet", spec)
        if isinstance(content, FeatureSet):
            rows = [{"attributes": each.get("attributes") or {}} for each in content.features]
            return RecordSet(content.fields, rows, content.display_field_name)
        if not isinstance(content, RecordSet):
            raise NotReadable(dataset_name(reference), "expected rows of a table")
        return content

    def file(self, reference: Reference) -> LocalFile:
        """A file, in place where it is the site's own. Raises NotReadable."""
        content = self._content(reference)
        if not isinstance(content, LocalFile):
            raise NotReadable(dataset_name(reference), "met a layer, expected a file")
        return content

    def is_in_reach(self, reference: Reference) -> bool:
        """Whether the site may look for it at all: not at addresses of hosts that it does not list."""
        if item_id_of(reference) is not None:
            return True
        url = "" if isinstance(reference, ItemReference) else reference.url or ""
        if own_place(self._site, self._roots, url) is not None:
            return True
        if not (url and self._site.fetch_from):
            return False
        from gp_mockserver.running.fetching import is_listed

        return is_listed(self._site.fetch_from, url)

    def close(self) -> None:
        """Remove what was fetched."""
        if self._has_folder:
            self._site.directories.remove_folder(self._folder)
            self._site.uploads.space.give_back(self._bytes)
            self._kept, self._bytes, self._has_folder = {}, 0, False

    def _content(self, reference: Reference) -> Content:
        item_id = item_id_of(reference)
        if item_id is not None:
            item = self._site.uploads.find(self._service.name, item_id)
            if item is None or not item.committed:
                raise NotReadable(item_id, f"no such item has been uploaded to {self._service.name}")
            return LocalFile(self._site.uploads.path_of(item), item.name)
        url = None if isinstance(reference, ItemReference) else reference.url
        if url is None:
            raise NotReadable(dataset_name(reference), "the site has no portal whose items could be read")
        place = own_place(self._site, self._roots, url)
        if place is None:
            return self._fetched(reference, url)
        where = (reference.filter or "") if isinstance(reference, LayerReference) else ""
        try:
            return content_of(self._service, place, where)
        except NotThere as error:
            raise NotReadable(dataset_name(reference), str(error)) from None

    def _fetched(self, reference: Reference, url: str) -> LocalFile:
        from gp_mockserver.running.fetching import NotFetched, fetch

        if kept := self._kept.get(reference):
            return kept
        if isinstance(reference, LayerReference):
            url = _with_query(reference)
        folder, self._has_folder = self._site.directories.make_folder(self._folder), True
        target = folder / str(len(self._kept) + 1)
        try:
            fetch(url, self._site.fetch_from, target, self._site.limits.fetched, self._count)
        except (NotFetched, Refusal) as error:
            target.unlink(missing_ok=True)
            raise NotReadable(dataset_name(reference), "; ".join(map(str, error.args[-1:]))) from None
        name = plain_name(unquote(urlsplit(url).path)) or "file"
        self._kept[reference] = LocalFile(target, name)
        return self._kept[reference]

    def _count(self, size: int) -> None:
        self._site.uploads.space.take(size)
        self._bytes += size

    def _parsed(self, file: LocalFile, reference: Reference, type_name: str, spec: ParameterSpec) -> Any:
        """The features or rows that a file's text is."""
        most = self._site.limits.fetched
        try:
            if file.path.stat().st_size > most:
                raise NotReadable(dataset_name(reference), f"met more than {most} bytes (limits.fetched)")
            text = file.path.read_bytes().decode("utf-8-sig")
            json = decode_json(text)
        except OSError:
            raise NotReadable(dataset_name(reference), "its file is gone") from None
        except UnicodeDecodeError:
            raise NotReadable(dataset_name(reference), "met a file that is no text, expected JSON") from None
        except ProtocolError as error:
            raise NotReadable(dataset_name(reference), f"it cannot be read: {error.detail}") from None
        if isinstance(json, dict) and isinstance(json.get("error"), dict):
            said = str(json["error"].get("message"))[:200]
            raise NotReadable(dataset_name(reference), f"it answers an error: {said}")
        try:
            value = data_type(type_name).decode_input(json, spec)
        except ProtocolError as error:
            raise NotReadable(dataset_name(reference), f"it cannot be read: {error.detail}") from None
        if not isinstance(value, FeatureSet | RecordSet):
            raise NotReadable(
                dataset_name(reference), "it refers to something else, expected features or rows"
            )
        return value


def _with_query(reference: LayerReference) -> str:
    """The address of a layer's features; one that is no layer is asked as it is."""
    import httpx

    try:
        url = httpx.URL(reference.url)
    except httpx.InvalidURL:
        return reference.url
    asked: dict[str, str] = {}
    if _LAYER.search(url.path):
        asked = {"where": reference.filter or "1=1", "outFields": "*", "returnGeometry": "true", "f": "json"}
        if reference.time is not None:
            asked["time"] = str(reference.time)
        url = url.copy_with(path=f"{url.path.rstrip('/')}/query")
    if reference.token:
        asked["token"] = reference.token
    return str(url.copy_merge_params(asked)) if asked else reference.url
