"""What a service, a task and a parameter say of themselves, and what they say of values."""
