"""The feature layers of a site: those that its jobs publish, and those that it has from the start."""

from __future__ import annotations

from typing import Final

PARAMETER: Final = "esri_out_feature_service_name"
"""The input by which a client names the service that a job is to publish."""
