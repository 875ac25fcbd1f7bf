"""What a run asks for besides its inputs, and the request parameters that say so.

Sources: ArcGIS REST, *Execute GP task*, *Submit GP job* and *GP result*: `context` from 10.6.1 on,
`env:outSR` and `env:processSR` before; the versions that brought the flags. *Assumed*: a server ignores a
parameter that it does not know, so what its version does not have is refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypedDict

import msgspec
from gp_protocol.errors import shown

from gp_client.errors import InvalidInput, NotSupported

if TYPE_CHECKING:
    from gp_protocol.values.spatial_references import SpatialReference

_CONTEXT_SINCE: Final = 10.61
_FLAGS: Final = (
    ("return_z", "returnZ", 10.1, True),
    ("return_m", "returnM", 10.1, True),
    ("return_true_curves", "returnTrueCurves", 10.5, True),
    ("return_feature_collection", "returnFeatureCollection", 10.6, True),
    ("return_column_name", "returnColumnName", 11.0, True),
    ("simplify_features", "simplifyFeatures", 11.4, False),
)
"""Attribute, request parameter, since which version, and the value that asks for something."""
_OF_RESULTS: Final = frozenset({"returnZ", "returnM", "returnFeatureCollection", "returnColumnName"})
_RESERVED: Final = ("f", "token", "callback")


class OptionWords(TypedDict, total=False):
    """The options as keywords of `Task.with_options`."""

    out_sr: Any
    process_sr: Any
    extent: Any
    return_z: bool | None
    return_m: bool | None
    return_true_curves: bool | None
    return_feature_collection: bool | None
    return_column_name: bool | None
    simplify_features: bool | None
    env: Mapping[str, str]


class RunOptions(msgspec.Struct, frozen=True):
    """What a run asks for; None is not asked, and the server does as it does.

    `out_sr` and `process_sr` are given as a wkid, a SpatialReference, `"EPSG:4326"`, WKT, a dict or a pyproj
    CRS and kept as a SpatialReference; `extent` as an Extent, a dict or `(xmin, ymin, xmax, ymax)` and kept
    as an Extent: features that do not overlap it are passed over. The flags are the request parameters of
    the same names. `env` are further request parameters, sent as they are. Raises InvalidInput.
    """

    out_sr: Any = None
    process_sr: Any = None
    extent: Any = None
    return_z: bool | None = None
    return_m: bool | None = None
    return_true_curves: bool | None = None
    return_feature_collection: bool | None = None
    return_column_name: bool | None = None
    simplify_features: bool | None = None
    env: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        for name in ("out_sr", "process_sr", "extent"):
            if (value := getattr(self, name)) is not None:
                msgspec.structs.force_setattr(self, name, _place(name, value))
        for name, *_ in _FLAGS:
            value = getattr(self, name)
            if value is not None and not isinstance(value, bool):
                raise InvalidInput(parameter=name, met=shown(value), expected="True, False or None")
        if not isinstance(self.env, Mapping):
            raise InvalidInput(parameter="env", met=shown(self.env), expected="a mapping of texts")
        for name, value in self.env.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise InvalidInput(
                    parameter="env", path=str(name), met=shown(value), expected="a text, sent as it is"
                )
            if name in _RESERVED:
                raise InvalidInput(
                    parameter="env", path=name, met="a parameter of the client's own", expected="another name"
                )

    @property
    def needs_version(self) -> bool:
        """Whether what is sent depends on the server's version."""
        return any(getattr(self, name) is not None for name in self.__struct_fields__ if name != "env")

    @property
    def asked_reference(self) -> SpatialReference | None:
        """Where the answer's features are to lie: `out_sr`, else `process_sr`, else the server decides."""
        reference: SpatialReference | None = self.out_sr or self.process_sr
        return reference

    def parameters(self, version: float | None) -> dict[str, str]:
        """Those of execute, submitJob and validate, for a server of that version (None: not known).

        Raises NotSupported where the version does not have what is asked for.
        """
        sent = self._flags(version)
        if version is not None and version >= _CONTEXT_SINCE:
            context = self._context()
            if context:
                sent["context"] = _json(context)
        else:
            if self.extent is not None:
                raise _not_supported("extent", "context", _CONTEXT_SINCE, version)
            for name, reference in (("env:outSR", self.out_sr), ("env:processSR", self.process_sr)):
                if reference is not None:
                    encoded = _reference_json(reference)
                    sent[name] = str(encoded["wkid"]) if encoded.keys() == {"wkid"} else _json(encoded)
        return {**sent, **self.env}

    def result_parameters(self, version: float | None = None) -> dict[str, str]:
        """Those of `results/<name>`; where the outputs lie was said when the job was submitted."""
        return {name: text for name, text in self._flags(version).items() if name in _OF_RESULTS}

    def _flags(self, version: float | None) -> dict[str, str]:
        sent: dict[str, str] = {}
        for attribute, name, since, asks in _FLAGS:
            value = getattr(self, attribute)
            if value is None:
                continue
            if version is not None and version < since:
                if value is asks:
                    raise _not_supported(attribute, name, since, version)
                continue
            sent[name] = "true" if value else "false"
        return sent

    def _context(self) -> dict[str, Any]:
        from gp_protocol.values.spatial_references import encode_extent

        context: dict[str, Any] = {}
        if self.out_sr is not None:
            context["outSR"] = _reference_json(self.out_sr)
        if self.process_sr is not None:
            context["processSR"] = _reference_json(self.process_sr)
        if self.extent is not None:
            context["extent"] = encode_extent(self.extent, reference_key="spatialReference")
        return context


def _place(name: str, value: Any) -> Any:
    from gp_protocol.errors import LocalProtocolError
    from gp_protocol.values.spatial_references import encode_extent

    from gp_client.inputs.places import extent_from, spatial_reference_from

    read: Callable[[Any], Any] = extent_from if name == "extent" else spatial_reference_from
    try:
        found = read(value)
        if name == "extent":
            encode_extent(found, reference_key="spatialReference")
    except LocalProtocolError as error:
        raise InvalidInput(
            parameter=name, path=error.path, met=error.met, expected=error.expected, remedy=error.remedy
        ) from None
    return found


def _reference_json(reference: SpatialReference) -> dict[str, Any]:
    from gp_protocol.values.spatial_references import encode_any_spatial_reference

    return encode_any_spatial_reference(reference)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _not_supported(attribute: str, name: str, since: float, version: float | None) -> NotSupported:
    met = "a server of unknown version" if version is None else f"a server of version {version}"
    return NotSupported(
        f"{attribute}: {met} may ignore `{name}`, which is there from {since} on; leave it out, or send it "
        f"all the same with env={{{name!r}: …}}",
        feature=attribute,
    )
