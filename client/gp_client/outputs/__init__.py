"""A task's outputs in Python's terms, held to what its descriptor declares."""
