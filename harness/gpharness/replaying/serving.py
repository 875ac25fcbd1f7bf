"""What `gpharness replay` does: read the contracts, make their sites, serve them until a signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from gp_mockserver.app import MockServer

from gpharness.contracts.contract import Contract
from gpharness.contracts.contract_files import ContractError, read_contract
from gpharness.listening import Listening
from gpharness.replaying.sites import context_of, site_of
from gpharness.serving import ServeError, Settings, let_deviate, serve_prepared


def serve_contracts(
    paths: Sequence[Path], settings: Settings, listening: Listening, *, fallback: bool
) -> int:
    """Serve until SIGINT or SIGTERM; the command's exit status."""

    def prepare(app: MockServer, stack: ExitStack) -> Callable[[], None]:
        try:
            add_sites(app, paths, settings, fallback=fallback)
        except ContractError as error:
            raise ServeError(str(error)) from None
        return lambda: None

    return serve_prepared("replay", prepare, listening)


def add_sites(app: MockServer, paths: Sequence[Path], settings: Settings, *, fallback: bool) -> None:
    """Add a site for each context that contracts were recorded under. Raises ContractError, ServeError,
    MockServerError."""
    given = settings.given()
    found: dict[str, list[Contract]] = {}
    for path in paths:
        contract = read_contract(path)
        found.setdefault(given.get("context") or context_of(contract), []).append(contract)
    if settings.public_url is not None and len(found) > 1:
        met = f"{len(found)} contexts are given: {', '.join(found)}"
        raise ServeError(f"--public-url {settings.public_url} fits one site, and contracts of {met}")
    for context, contracts in found.items():
        site = site_of(*contracts, **{**given, "context": context}, fallback=fallback)
        let_deviate(site, settings.deviations)
        app.add_site(site)
