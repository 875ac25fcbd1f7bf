"""Whether one captured body says what the protocol lets it say."""
