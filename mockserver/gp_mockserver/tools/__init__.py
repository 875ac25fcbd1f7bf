"""What makes outputs: tools, functions, templates, generated values, and rules for outcomes."""
