"""From a template and its values to the bytes of a page: UTF-8, CRLF line ends as servers send them.

The template library is imported when the first page is asked for, and its templates are compiled once.
Whatever stands in a page is escaped.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jinja2 import Environment

STYLE_SHEET: Final = "main.css"


def render(template: str, **values: Any) -> bytes:
    """A page. Text that UTF-8 cannot carry becomes question marks."""
    page = _environment().get_template(template).render(values)
    return page.replace("\r\n", "\n").replace("\n", "\r\n").encode(errors="replace")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("gp_mockserver.directory"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )


@cache
def style_sheet() -> bytes:
    """The one style sheet that every page links to."""
    return (files("gp_mockserver.directory") / STYLE_SHEET).read_bytes()
