"""An answer's bytes, read strictly: JSON or a page, good or an error."""
