"""Contracts: what a server promised in conversations that were recorded, or written down from a page."""
