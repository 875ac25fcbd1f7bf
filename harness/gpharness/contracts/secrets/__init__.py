"""Secrets: found in what was recorded, replaced by stand-ins, and looked for once more in what is written."""

from __future__ import annotations

from gpharness.contracts.secrets.masking import Mask
from gpharness.contracts.secrets.scanning import Leak, scan, scan_files

__all__ = ["Leak", "Mask", "scan", "scan_files"]
