"""Speed and size of the mock server and of the client, as ratios to bare baselines in the same run:
`python -m benchmarks`."""
