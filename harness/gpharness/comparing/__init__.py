"""What is the same and what is not: values by their type, descriptors, messages, answers."""
