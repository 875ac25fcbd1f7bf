"""Published clients, unmodified, against the built-in site.

`tox run -e clients-arcgis,clients-python` installs and runs those in Python. Those in JavaScript need Node
and npm, and for the two that run in a page a Chromium (`CHROMIUM` names it where it is not
/usr/bin/chromium); `tox run -e clients-javascript` installs them below `.tox` and runs them.

Each prints a line per thing done and ends with status 1 if one fails.
"""
