"""Who may use a site: accounts, tokens, and the guard at its services."""
