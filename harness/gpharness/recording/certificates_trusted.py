"""What to do about a server whose certificate this machine does not know."""

from __future__ import annotations

from typing import Final

HOW_TO_TRUST: Final = (
    "set SSL_CERT_FILE to a file (PEM) with the certificate of the server, or of the authority that signed it"
)


def is_distrust(text: str) -> bool:
    """Whether an error says that a certificate was not trusted."""
    return "CERTIFICATE_VERIFY_FAILED" in text
