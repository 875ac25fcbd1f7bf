"""What verify and check report: findings by name, and the forms that reports have."""
