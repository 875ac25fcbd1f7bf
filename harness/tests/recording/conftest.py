"""The built-in site in this process, on a clock on which nobody waits, and recorders of it."""

from __future__ import annotations

import json

import httpx
import pytest
from gp_client.clocks import SharedClock
from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.lifecycle.clocks import JumpingClock
from gpharness.in_process import SiteTransport
from gpharness.recording.options import Credentials, Options
from gpharness.recording.recorder import Recorder
from gpharness.recording.targets import target_of

ROOT = "https://gis.example.com/arcgis"


class Site:
    """A site under https://gis.example.com, the client's clock, and the requests that came, as (method, path,
    instant)."""

    def __init__(self, site=None, advance=None):
        self.site = site or builtin_site(clock=JumpingClock())
        self.clock = SharedClock(advance)
        self.asked = []
        self.transport = _Hiding(SiteTransport(self.site, "https://gis.example.com"))
        self.client = httpx.Client(transport=self.transport, event_hooks={"request": [self._note]})

    def _note(self, request):
        self.asked.append((request.method, request.url.path, self.clock.now()))

    def hide_control_api(self, status=404, body=None):
        """Answer as a server that has none."""
        self.transport.instead = (status, body)

    def recorder(self, below="", options=None, credentials=None, **more):
        url = f"{ROOT}/rest/services/{below}" if below else ROOT
        return Recorder(
            target_of(url),
            options or Options(),
            credentials or Credentials(),
            http=self.client,
            clock=self.clock,
            **more,
        )

    def record(self, below="", **options):
        """Record it all; the recording."""
        recorder = self.recorder(below, Options(**options))
        recorder.carry_out(recorder.plan())
        return recorder.recording()


class _Hiding(httpx.BaseTransport):
    def __init__(self, transport):
        self._transport = transport
        self.instead = None

    def handle_request(self, request):
        if self.instead is not None and request.url.path.startswith("/__admin"):
            status, body = self.instead
            return httpx.Response(status, content=json.dumps(body) if body else "not found")
        return self._transport.handle_request(request)


@pytest.fixture
def new_site():
    """Makes sites: of no arguments, or of a site and what moves its clock."""
    made = []

    def make(*words):
        made.append(Site(*words))
        return made[-1]

    yield make
    for each in made:
        each.client.close()


@pytest.fixture
def site(new_site):
    """The built-in site."""
    return new_site()
