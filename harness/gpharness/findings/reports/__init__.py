"""The forms that a report has: a table, JSON, JUnit's XML, one page of HTML."""
