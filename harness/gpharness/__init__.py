"""Test harness for the ArcGIS Server geoprocessing protocol."""
