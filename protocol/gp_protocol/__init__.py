"""The language that a geoprocessing server and its clients speak: values, descriptors, job states, errors, versions."""
