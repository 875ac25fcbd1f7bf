"""Long runs that hold the server to its promises under noise, load and time: `python -m trials --help`."""
