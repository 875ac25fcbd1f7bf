"""The `deviations` of a site file: names of the catalogue, with what narrows them, and one's own.

deviations:
  - results-late@job#2
  - {name: slow-each, operation: job, seconds: 0.5}
  - {name: half-a-name, on: [task], do: [{remove: /displayName}]}
"""

from __future__ import annotations

from typing import Annotated, Any

from gp_protocol.errors import shown
from msgspec import Meta

from gp_mockserver.configuration.written_data import join
from gp_mockserver.errors import SiteFileError
from gp_mockserver.sites import Site

DeviationForm = Annotated[
    str | dict[str, Any],
    Meta(description="NAME[@OPERATION][#NTH], or a mapping with a name, its parameters, or `do`"),
]


def inject_written(site: Site, written: list[str | dict[str, Any]], where: str = "deviations") -> None:
    """Have a site follow the deviations of its file. Raises SiteFileError, which says which is wrong."""
    for i, each in enumerate(written):
        path = f"{where}[{i}]"
        from gp_mockserver.deviations.records import DeviationError

        try:
            if isinstance(each, str) or "do" in each:
                site.deviate(each)
            elif isinstance(each.get("name"), str):
                site.deviate(each["name"], **{key: value for key, value in each.items() if key != "name"})
            else:
                raise SiteFileError(join(path, "name"), shown(each.get("name")), "the name of a deviation")
        except DeviationError as error:
            raise SiteFileError(path, shown(each), "a deviation that can be followed", str(error)) from None
