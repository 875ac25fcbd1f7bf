"""Speed and size of the mock server, as ratios to bare baselines in the same run: `python -m benchmarks`."""
