"""Making contracts from a server that answers: by running its tasks, or from what passed between it and a
client."""
