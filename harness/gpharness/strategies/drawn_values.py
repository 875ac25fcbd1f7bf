"""Values of every data type: as Python has them, as an input's text, as an output's JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from gp_protocol.descriptions.descriptors import Parameter, ParameterInfo
from gp_protocol.descriptions.filters import (
    CodedValueFilter,
    CompositeFilter,
    Filter,
    ListFilter,
    RangeFilter,
)
from gp_protocol.errors import ProtocolError
from gp_protocol.json_text import encode_json
from gp_protocol.values.compound import CompositeValue
from gp_protocol.values.data_types import DATA_TYPES, OutputOptions, data_type
from gp_protocol.values.feature_sets import FeatureSet, RecordSet
from gp_protocol.values.fields import Field
from gp_protocol.values.literals import check_long
from gp_protocol.values.references import DataFile, ItemReference, LayerReference, MapImage, Raster
from gp_protocol.values.spatial_references import Extent, SpatialReference
from gp_protocol.values.units import AREAL_UNITS, LINEAR_UNITS, TIME_UNITS, ArealUnit, LinearUnit, TimeUnit
from gp_protocol.versions import Profile
from hypothesis import strategies as st

from gpharness.strategies.drawn_features import REFERENCES, feature_sets, field_types, fields, record_sets
from gpharness.strategies.drawn_words import Version, dates, numbers, profile_of, texts, urls, whole_numbers

Part = Parameter | ParameterInfo
Form = Literal["value", "input", "output"]
"""A value of Python's, the text of an input, the JSON of an output."""

Drawn = st.SearchStrategy[Any]
_MOST: Final = 3
_LEAST_POINTS: Final = 3.0
_CHOSEN: Final = frozenset({"GPString", "GPStringHidden", "GPSQLExpression", "GPLong", "GPDouble"})
_LAYERS: Final = frozenset({"GPFeatureRecordSetLayer", "GPRecordSet", "GPRasterData", "GPRasterDataLayer"})
_EVERYTHING: Final = OutputOptions(return_z=True, return_m=True)


def values(
    name: str, parameter: Part | None = None, *, form: Form = "value", version: Version = None
) -> Drawn:
    """Values of the data type of that name (`GPLong`, `GPMultiValue:GPString`).

    `parameter` narrows them to its choice list, filter, parts and the schema in its default. `form`: `value`
    is the protocol's own Python type, good as an input and as an output; `input` the text of a request, also
    references to layers, uploaded items; `output` JSON as a server answers it, also map images. `version`
    limits the size of numbers and the types of fields; None is what all versions take. Nothing is drawn where
    a parameter allows nothing. Raises RemoteProtocolError for a name that is no data type.
    """
    kind = data_type(name)
    part = parameter if parameter is not None else _plain(name)
    if part.data_type != name:
        part = Parameter(name, name)
    drawn = values_of(part, profile_of(version), side=form)
    if form == "input":
        return drawn.map(lambda value: input_text(part, value))
    if form == "output":
        return drawn.map(lambda value: json.loads(encode_json(kind.encode_output(value, _EVERYTHING, part))))
    return drawn


def _plain(name: str) -> Parameter:
    """A parameter of a type, with the parts that it cannot do without."""
    parts: tuple[ParameterInfo, ...] | None = None
    if name == "GPValueTable":
        parts = (ParameterInfo("Name", "GPString"), ParameterInfo("Share", "GPDouble"))
    elif name.endswith("GPComposite"):
        parts = (ParameterInfo("", "GPLong"), ParameterInfo("", "GPString"))
    return Parameter("Value", name, parameter_infos=parts)


def input_text(part: Part, value: Any) -> str:
    """The text of a request for a value: that of the reference client, without what says nothing."""
    found = data_type(part.data_type).encode_input_json(value, part)
    if isinstance(found, str):
        return found
    if isinstance(found, bool | int | float):
        return encode_json(found).decode()
    return json.dumps(_short(json.loads(encode_json(found))), ensure_ascii=False)


def _short(found: Any) -> Any:
    """A feature set without its empty members."""
    if isinstance(found, list):
        return [_short(each) for each in found]
    if not isinstance(found, dict) or not isinstance(found.get("features"), list):
        return found
    with_attributes = any(each.get("attributes") for each in found["features"])
    kept = {
        key: value for key, value in found.items() if value != "" and (key != "fields" or with_attributes)
    }
    kept["features"] = [
        {key: each[key] for key in ("geometry", "attributes") if each.get(key)}
        if each.get("geometry") or each.get("attributes")
        else {"attributes": {}}
        for each in kept["features"]
    ]
    return kept


def values_of(
    part: Part,
    version: Profile,
    *,
    side: Form = "value",
    around: Sequence[Field] | None = None,
    filled: bool = True,
    own_fields: Sequence[Field] | None = None,
) -> Drawn:
    """Python's values for a parameter or a part of one.

    `around` are the fields of the layer that it depends on; `filled` is whether lists and sets have members;
    `own_fields` are those of a set whose schema names none.
    """
    return _values(part, part.filter, _Drawing(version, side, around, filled, own_fields))


class _Drawing:
    """What all parts of a value have in common."""

    def __init__(
        self,
        version: Profile,
        side: Form,
        around: Sequence[Field] | None,
        filled: bool,
        own_fields: Sequence[Field] | None,
    ) -> None:
        self.version = version
        self.side = side
        self.around = around
        self.least = 1 if filled else 0
        self.own_fields = own_fields


def _values(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    name = part.data_type
    element = name.removeprefix("GPMultiValue:")
    if isinstance(chosen, CodedValueFilter):
        one = _coded(part, element, chosen, how)
        return one if element == name else st.lists(one, min_size=how.least, max_size=_MOST)
    if part.choice_list and element in _CHOSEN:
        choices = _choices(element, part.choice_list, how.version)
        if not choices:
            return st.nothing()
        return st.sampled_from(choices) if element == name else _several_of(choices, how.least)
    if element in _LAYERS and part.choice_list and how.side != "output" and element == name:
        return st.sampled_from(part.choice_list)
    if element != name:
        return _elements(part, element, chosen, how)
    make = _MAKERS.get(name)
    return st.nothing() if make is None else make(part, chosen, how)


def _several_of(choices: Sequence[Any], least: int) -> Drawn:
    """Some of the choices, in their order, none twice."""
    indices = st.lists(
        st.integers(0, len(choices) - 1), min_size=least, max_size=min(_MOST, len(choices)), unique=True
    )
    return indices.map(lambda drawn: [choices[index] for index in sorted(drawn)])


def _choices(element: str, listed: Sequence[str], version: Profile) -> list[Any]:
    """The entries of a choice list that the type can read; a blank one is as good as not given."""
    found = []
    for each in listed:
        try:
            value = DATA_TYPES[element].decode_input(each)
            if element == "GPLong":
                check_long(value, version.number)
        except ProtocolError:
            continue
        if value is not None and str(value).strip():
            found.append(value)
    return found


def _coded(part: Part, element: str, chosen: CodedValueFilter, how: _Drawing) -> Drawn:
    """One of a codedValue filter's values. Of a layer the filter has but a schema: it goes by its name."""
    if element in _LAYERS:
        names = [each.name for each in chosen.values if each.name and each.name in (part.choice_list or ())]
        return st.sampled_from(names) if names and how.side != "output" else st.nothing()
    found = []
    for each in chosen.values:
        try:
            value = DATA_TYPES[element].decode_input(each.value)
        except ProtocolError:
            continue
        if value is not None and str(value).strip():
            found.append(value)
    return st.sampled_from(found) if found else st.nothing()


def _elements(part: Part, element: str, chosen: Filter | None, how: _Drawing) -> Drawn:
    """The values of a GPMultiValue; its one part, if that is of its elements' type, narrows them further."""
    infos = part.parameter_infos or ()
    inner = infos[0] if len(infos) == 1 and infos[0].data_type == element else None
    members = inner.parameter_infos if inner is not None else part.parameter_infos
    narrowed = ParameterInfo(
        part.name,
        element,
        choice_list=(inner.choice_list if inner is not None else None) or part.choice_list,
        parameter_infos=members,
    )
    limits = inner.filter if inner is not None and inner.filter is not None else chosen
    one = _values(narrowed, limits, how)
    return st.nothing() if one.is_empty else st.lists(one, min_size=how.least, max_size=_MOST)


def _rows(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    columns = part.parameter_infos or ()
    cells = [_values(column, column.filter, how) for column in columns]
    if not columns or any(cell.is_empty for cell in cells):
        return st.just([]) if not how.least else st.nothing()
    return st.lists(st.tuples(*cells).map(list), min_size=how.least, max_size=_MOST)


def _composite(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    filters = chosen.filters if isinstance(chosen, CompositeFilter) else ()
    ways = []
    for index, member in enumerate(part.parameter_infos or ()):
        outer = filters[index] if index < len(filters) else None
        drawn = _values(member, member.filter or outer, how)
        if not drawn.is_empty and member.data_type != "GPComposite":
            ways.append(st.builds(CompositeValue, st.just(member.data_type), drawn))
    return st.one_of(ways) if ways else st.nothing()


def _range(chosen: Filter | None) -> RangeFilter | None:
    return chosen if isinstance(chosen, RangeFilter) else None


def _words_of(chosen: Filter | None, kind: str) -> tuple[str, ...]:
    return chosen.words if isinstance(chosen, ListFilter) and chosen.type == kind else ()


def _measure(kind: Callable[[float, str], Any], units: Sequence[str], usual: str) -> Callable[..., Drawn]:
    # Of an unknown unit a tool can make nothing.
    ordered = [usual, *(each for each in units if each != usual and "Unknown" not in each)]

    def make(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
        # Most tools want more than nothing, a millimeter say, and less than goes around the earth.
        drawn = numbers(_range(chosen) or RangeFilter(1, 10))
        if drawn.is_empty:
            return st.nothing()
        one = st.builds(kind, drawn, st.sampled_from(ordered))
        return one if _range(chosen) else one.map(_three_points_at_least)

    return make


def _three_points_at_least(measured: Any) -> Any:
    """Of the one unit that is smaller than a millimeter there are several."""
    is_tiny = measured.units == "esriPoints" and measured.distance < _LEAST_POINTS
    return LinearUnit(_LEAST_POINTS, "esriPoints") if is_tiny else measured


def _text(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    return texts


def _expression(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    known = [field.name for field in how.around or () if field.type != "esriFieldTypeGeometry"]
    about = st.sampled_from(known).map(lambda name: f"{name} IS NOT NULL") if known else st.nothing()
    return st.just("1=1") | about


def _features(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    schema = _with_filter(part, chosen)
    is_output = how.side == "output"
    sets: Drawn = feature_sets(
        schema, min_size=how.least, fields=how.own_fields, version=how.version, answered=is_output
    )
    if is_output:
        return sets | urls("/FeatureServer/0").map(LayerReference) | _map_images()
    # Where a filter says which geometries there may be, an address does not show what it has.
    return sets | _layer_references() if how.side == "input" and chosen is None else sets


def _with_filter(part: Part, chosen: Filter | None) -> Part:
    if chosen is part.filter:
        return part
    return Parameter(part.name, part.data_type, default_value=part.default_value, filter=chosen)


def _records(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    sets: Drawn = record_sets(part, min_size=how.least, fields=how.own_fields, version=how.version)
    if how.side == "output":
        return sets | urls("/FeatureServer/1").map(LayerReference)
    return sets | _layer_references() if how.side == "input" else sets


def _layer_references() -> Drawn:
    where = st.none() | st.just("OBJECTID > 0")
    return st.builds(LayerReference, urls("/FeatureServer/0"), where) | st.builds(ItemReference, _items())


def _items() -> Drawn:
    """The ids of uploaded items, as servers make them: i and a UUID."""
    return st.integers(1, 999).map(lambda number: f"i{number:08}-0000-4000-8000-000000000000")


def _map_images() -> Drawn:
    return st.builds(MapImage, urls(".png"), st.just(400), st.just(400))


def _rasters(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    files = st.builds(Raster, urls(".tif"), st.sampled_from([None, "tif"]))
    files |= st.builds(Raster, urls(".jpg"), st.just("jpg"))
    services = st.builds(Raster, urls("/ImageServer"), st.none(), st.just("ImageService"))
    found = files | services
    if how.side == "output":
        return found | _map_images()
    return found | st.builds(Raster, item_id=_items()) if how.side == "input" else found


def _files(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    endings = [word.lstrip(".") for word in _words_of(chosen, "file")] or ["zip", "csv", "xlsx", "shp"]
    found: Drawn = st.builds(
        lambda url, ending: DataFile(f"{url}.{ending}"), urls(), st.sampled_from(endings)
    )
    if how.side == "input" and not isinstance(chosen, ListFilter):
        return found | st.builds(DataFile, item_id=_items())
    return found


def _fields(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    listed = _words_of(chosen, "field")
    bare = {word.casefold().removeprefix("esrifieldtype") for word in listed}
    allowed = [
        each
        for each in field_types(how.version)
        if not bare or each.casefold().removeprefix("esrifieldtype") in bare
    ]
    known = [field for field in how.around or () if field.type in allowed]
    if known:
        return st.sampled_from(known)
    return fields(allowed) if allowed else st.nothing()


def _reference(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
    return st.sampled_from([*REFERENCES, SpatialReference(wkid=2193), SpatialReference(wkid=25832)])


def _extent(with_reference: bool) -> Callable[..., Drawn]:
    def make(part: Part, chosen: Filter | None, how: _Drawing) -> Drawn:
        corner, side = st.integers(-80, 70), st.integers(1, 10)
        references = st.sampled_from((None, *REFERENCES)) if with_reference else st.none()
        return st.builds(
            lambda x, y, width, height, reference: Extent(
                x, y, x + width, y + height, spatial_reference=reference
            ),
            corner,
            corner,
            side,
            side,
            references,
        )

    return make


_MAKERS: Final[Mapping[str, Callable[[Part, Filter | None, _Drawing], Drawn]]] = {
    "GPBoolean": lambda part, chosen, how: st.booleans(),
    "GPLong": lambda part, chosen, how: whole_numbers(_range(chosen), how.version),
    "GPDouble": lambda part, chosen, how: numbers(_range(chosen)),
    "GPString": _text,
    "GPStringHidden": _text,
    "GPSQLExpression": _expression,
    "GPDate": lambda part, chosen, how: dates,
    "GPLinearUnit": _measure(LinearUnit, LINEAR_UNITS, "esriMeters"),
    "GPArealUnit": _measure(ArealUnit, AREAL_UNITS, "esriSquareMeters"),
    "GPTimeUnit": _measure(TimeUnit, TIME_UNITS, "esriTimeUnitsSeconds"),
    "GPFeatureRecordSetLayer": _features,
    "GPRecordSet": _records,
    "GPRasterData": _rasters,
    "GPRasterDataLayer": _rasters,
    "GPDataFile": _files,
    "Field": _fields,
    "GPSpatialReference": _reference,
    "GPCoordinateSystem": _reference,
    "GPExtent": _extent(with_reference=True),
    "GPEnvelope": _extent(with_reference=False),
    "GPValueTable": _rows,
    "GPComposite": _composite,
}


def fields_in(value: Any) -> tuple[Field, ...]:
    """The fields of a set; of anything else none."""
    return value.fields if isinstance(value, FeatureSet | RecordSet) else ()
