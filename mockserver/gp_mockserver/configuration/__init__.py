"""Site files: from YAML and JSON to a site, with errors that say where and what."""
