"""A contract served: what was recorded is answered again, as a timeline on the clock of choice."""
