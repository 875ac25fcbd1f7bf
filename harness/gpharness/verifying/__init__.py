"""Holding a server to a contract: its conversations once more, and what is not as it was, or as it may be."""
