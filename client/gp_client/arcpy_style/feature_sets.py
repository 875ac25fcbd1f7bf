"""`arcpy.FeatureSet` and `arcpy.RecordSet`: features and rows that a script sends, gets, loads and saves.

Source: ArcPy, *FeatureSet*, *RecordSet*.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from gp_protocol.values.feature_sets import FeatureSet as Features
from gp_protocol.values.feature_sets import RecordSet as Rows
from gp_protocol.values.geojson import encode_feature_collection
from gp_protocol.values.references import LayerReference, decode_layer_reference

from gp_client.arcpy_style.execute_errors import ExecuteError, calling
from gp_client.arcpy_style.feature_files import (
    EVERYTHING,
    read_dataset,
    table_from_json,
    table_json,
    write_dataset,
)


class RecordSet:
    """Rows of a table. `value` is what the client knows them as."""

    _kind: ClassVar[str] = "RecordSet"
    _empty: ClassVar[Features | Rows] = Rows()

    def __init__(self, table: Any = None, where_clause: str | None = None, **more: Any) -> None:
        self.value: Features | Rows | LayerReference = self._empty
        if table is not None or where_clause or more:
            self.load(table, where_clause, **more)

    @classmethod
    def of(cls, value: Features | Rows | LayerReference) -> RecordSet:
        """The façade's class for a value of the client's."""
        made = FeatureSet() if isinstance(value, Features) else cls()
        made.value = value
        return made

    @property
    def JSON(self) -> str:
        """ArcGIS JSON, as a text."""
        value = self.value
        if isinstance(value, LayerReference):
            return json.dumps({"url": value.url})
        return json.dumps(calling(table_json, value), ensure_ascii=False)

    def load(self, table_path: Any, where_clause: str | None = None, **more: Any) -> None:
        """Take the features or rows of a file, of a text in ArcGIS JSON or GeoJSON, of a result's first
        output, or of a layer's address, which is kept as such. `where_clause` is for layers alone."""
        for name, value in more.items():
            if value is not None:
                raise ExecuteError(f"ERROR: {self._kind}: {name} is not provided by gp_client.arcpy")
        if table_path is None:
            raise ExecuteError(f"ERROR: {self._kind}: met nothing, expected features or rows to load")
        loaded = value_of(table_path)
        if where_clause:
            if not isinstance(loaded, LayerReference):
                raise ExecuteError(
                    f"ERROR: {self._kind}: where_clause is provided for the addresses of layers alone"
                )
            loaded = LayerReference(loaded.url, where_clause, loaded.time, loaded.token)
        self.value = loaded

    def save(self, table_path: str) -> None:
        """Write to a file, in the format of its ending."""
        value = self.value
        if isinstance(value, LayerReference):
            raise ExecuteError(f"ERROR: {value.url} is a layer's address: its features are not here")
        write_dataset(value, str(table_path))

    def __len__(self) -> int:
        return 0 if isinstance(self.value, LayerReference) else len(self.value.features)

    def __repr__(self) -> str:
        return f"<arcpy.{self._kind} of {len(self)}>"


class FeatureSet(RecordSet):
    """Features of one geometry type."""

    _kind = "FeatureSet"
    _empty = Features()

    @property
    def GeoJSON(self) -> str:
        """GeoJSON, as a text, in the features' own spatial reference."""
        if not isinstance(self.value, Features):
            raise ExecuteError("ERROR: this feature set is a layer's address: its features are not here")
        return json.dumps(calling(encode_feature_collection, self.value, EVERYTHING), ensure_ascii=False)

    @property
    def __geo_interface__(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.GeoJSON)
        return found


def value_of(table: Any) -> Features | Rows | LayerReference:
    """What a script gives for features or rows, as a value of the client's. Raises ExecuteError."""
    from gp_client.arcpy_style.results import Result

    if isinstance(table, Result):
        table = table[0]
    if isinstance(table, RecordSet):
        return table.value
    if isinstance(table, Features | Rows | LayerReference):
        return table
    if isinstance(table, str):
        text = table.strip()
        if text.startswith("{"):
            try:
                table = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise ExecuteError(f"ERROR 000732: the text is no JSON: {error}") from None
        elif text.lower().startswith(("http://", "https://")):
            return LayerReference(text)
        else:
            return read_dataset(table)
    if hasattr(table, "__fspath__"):
        return read_dataset(str(table))
    if isinstance(table, dict) and isinstance(table.get("url"), str):
        return calling(decode_layer_reference, {"token": table.get("serviceToken"), **table})
    return table_from_json(table, f"of type {type(table).__name__}")
