"""What the pytest plugin is made of: a site for each test, and what the report of a failing one shows."""
