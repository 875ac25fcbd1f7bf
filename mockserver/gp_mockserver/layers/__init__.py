"""The feature layers of a site: those that its jobs publish, and those that it has from the start."""
