"""The language that a geoprocessing server and its clients speak.

Values and data types, descriptors, job states, messages, errors, and what each server version knows.
"""
