"""SIGTERM under load, again and again: requests under way are answered, and the server ends with status 0.

Half of the clients keep their connection, half open one for each request; some ask for what takes a while.
Promised: status 0 within the grace of three seconds, not a line in the log, and no request lost that had
reached the server. A connection that the system had taken in the very moment when the server closed its
listener is the exception: it is reset, and more than one in ten rounds would break the promise.
"""

from __future__ import annotations

import http.client
import random
import signal
import socket
import threading
import time
from collections import Counter

from trials.promises import Figure, at_most, none_of
from trials.servers import started
from trials.wire import HOST

SERVICES = "/arcgis/rest/services"
BUFFER = (
    f"{SERVICES}/GPFolder/BufferService/GPServer/BufferPoints/execute?f=json&Distance=5%20Miles"
    "&Input_Points=%7B%22features%22:[%7B%22geometry%22:%7B%22x%22:1,%22y%22:2%7D%7D]%7D"
)
TARGETS = (
    f"{SERVICES}?f=json",
    f"{SERVICES}?f=html",
    f"{SERVICES}/Simulation/JobOutcomes/GPServer?f=json",
    BUFFER,
)
CLIENTS = 16
MOST_SECONDS = 4.0
MOST_RESETS = 0.1
"""Per round."""


def run(rounds: int, seed: int) -> list[Figure]:
    """The figures of so many servers, each loaded and ended."""
    draw = random.Random(seed)
    outcomes: Counter[str] = Counter()
    said: list[str] = []
    statuses: list[int] = []
    longest = 0.0
    for _ in range(rounds):
        with started(["-m", "gpharness", "serve", "--port", "0", "--seed", str(seed)]) as server:
            clients = [_Client(server.port, number % 2 == 0, outcomes) for number in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.begun.wait()
            time.sleep(draw.uniform(0, 0.5))
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            status = server.process.wait(60)
            longest = max(longest, time.monotonic() - begun)
            for client in clients:
                client.join()
            said += server.lines()
            statuses += [status] if status else []
    answered = outcomes.pop("answered", 0)
    resets = outcomes.pop("reset on a new connection", 0)
    return [
        Figure("requests answered", f"{answered:,} in {rounds} rounds"),
        none_of("requests lost", [f"{count} times {what}" for what, count in outcomes.items()]),
        at_most("connections reset in the listener, each round", resets / rounds, MOST_RESETS, ""),
        at_most("longest from signal to end", longest, MOST_SECONDS, "s"),
        none_of("exit statuses other than 0", statuses),
        none_of("lines in the log", said),
    ]


class _Client(threading.Thread):
    """Asks until nobody listens any more."""

    def __init__(self, port: int, keeps: bool, outcomes: Counter[str]) -> None:
        super().__init__()
        self.begun = threading.Event()
        self._port = port
        self._keeps = keeps
        self._outcomes = outcomes

    def run(self) -> None:
        connection: socket.socket | None = None
        number = 0
        while True:
            is_new = connection is None
            try:
                connection = connection or socket.create_connection((HOST, self._port), timeout=30)
            except (ConnectionRefusedError, ConnectionResetError):  # nothing was asked yet
                return
            try:
                target = TARGETS[number % len(TARGETS)]
                connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                answer.read()
                outcome, closes = (
                    ("answered" if answer.status == 200 else str(answer.status)),
                    answer.will_close,
                )
            except (OSError, http.client.HTTPException) as error:
                outcome, closes = repr(error), True
                if is_new and isinstance(error, ConnectionResetError):
                    outcome = "reset on a new connection"
            self._outcomes[outcome] += 1
            self.begun.set()
            number += 1
            if closes or not self._keeps:
                connection.close()
                connection = None
