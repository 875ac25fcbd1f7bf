"""Holding a conversation with a server, and writing down every byte of it that matters."""
