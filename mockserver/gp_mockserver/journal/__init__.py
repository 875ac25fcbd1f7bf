"""What a site notes of its requests: the journal, what tests expect of it, and waiting for it."""
