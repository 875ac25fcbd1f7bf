"""The reference client of geoprocessing services. Its room is reserved here; the client itself is not
written yet."""
