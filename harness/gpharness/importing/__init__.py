"""What other programs have written down of a server's answers, read as exchanges."""
