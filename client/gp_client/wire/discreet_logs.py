"""Keeping tokens out of the logs of the HTTP libraries, which write down every address that is asked."""

from __future__ import annotations

import logging

_LOGGERS = (
    *("httpx", "httpx2"),
    *(
        f"{library}.{part}"
        for library in ("httpcore", "httpcore2")
        for part in ("connection", "http11", "http2", "proxy", "socks")
    ),
    "hpack.hpack",
)


class _Discretion(logging.Filter):
    """Lets every record pass, and masks what one says of tokens and passwords."""

    def filter(self, record: logging.LogRecord) -> bool:
        from gp_client.reading.quoting import masked

        try:
            text = record.getMessage()
        except Exception:  # a message that does not fit its arguments is for logging to tell
            return True
        said = masked(text)
        if said != text:
            record.msg, record.args = said, None
        return True


_discretion = _Discretion()


def keep_logs_discreet() -> None:
    """Have the loggers of httpx, httpx2 and what they are made of mask secrets; once is enough."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_discretion)
