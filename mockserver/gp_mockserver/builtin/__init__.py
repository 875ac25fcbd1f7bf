"""The site that is served when no other is given."""
