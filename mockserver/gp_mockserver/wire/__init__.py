"""Between bytes and operations: addresses, parameters, replies, formats, pages."""
