"""The services directory: the HTML form of every resource, for people with a browser."""
