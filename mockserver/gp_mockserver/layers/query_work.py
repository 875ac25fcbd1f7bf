"""How much one query of a layer may ask of the server, and the error of one that asks for more.

*Assumed*: real servers leave it to their database, and end a query that takes too long.
"""

from __future__ import annotations

from typing import Final

MOST_STEPS: Final = 5_000_000
"""Looks at one value of one row: about a second."""
ALWAYS: Final = 10
"""Looks at each row that a query may take however many rows there are."""
MOST_COMPARED: Final = 2_000_000_000
"""Characters that the patterns of one query may be laid on, in the worst case: about two seconds."""


class QueryRefused(Exception):
    """A query asks for something that this server cannot do, or that makes no sense; the text says what."""


def check_work(parameter: str, what: str, looks: int, rows: int) -> None:
    """Raises QueryRefused for a parameter by which each of so many rows is looked at too often; `what` it has
    too many of."""
    most = max(ALWAYS, MOST_STEPS // max(rows, 1))
    if looks > most:
        raise QueryRefused(
            f"{parameter}: met {looks} {what} for {rows} rows, expected {most} at most for so many rows: "
            "ask for it in several queries"
        )


class PatternWork:
    """Counts the characters that the patterns of one query are laid on."""

    def __init__(self) -> None:
        self._left = MOST_COMPARED

    def spend(self, text: int, piece: int) -> None:
        """Count a search for a piece of so many characters. Raises QueryRefused where that is too much."""
        self._left -= text * piece
        if self._left < 0:
            raise QueryRefused(
                "where: met LIKE patterns and texts that are too long to be searched in one query, expected "
                "shorter patterns or fewer of them"
            )
