"""Python's values, GeoJSON and frames as the inputs of a task."""
