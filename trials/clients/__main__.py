"""`python -m trials.clients COMMAND…`: run a client's command against a mock of its own.

The command finds the site's address in `GP_URL`, and in `GP_HTTPS_URL` that of another one over HTTPS, whose
certificates' authority `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE` and `NODE_EXTRA_CA_CERTS` name.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.server import serve
from gpharness.certificates import own_certificate


def main(command: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        own = own_certificate(Path(folder), "127.0.0.1")
        with serve(builtin_site()) as plain, serve(builtin_site(), tls=(own.server, own.server)) as secure:
            authority = str(own.authority)
            environment = {
                "GP_URL": plain.url,
                "GP_HTTPS_URL": secure.url,
                "SSL_CERT_FILE": authority,
                "REQUESTS_CA_BUNDLE": authority,
                "NODE_EXTRA_CA_CERTS": authority,
            }
            return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
