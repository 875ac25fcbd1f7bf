"""A proxy that stands between any client and a server, and writes down what passes as a contract."""
