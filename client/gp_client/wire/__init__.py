"""HTTP: addresses, requests and what carries them, redirects, tokens, and what may be repeated."""
