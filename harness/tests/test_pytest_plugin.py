"""The pytest plugin as users' tests see it: each statement is a test suite of its own, run by pytest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pyproj  # noqa: F401 - each run forgets what it has imported, and pyproj cannot be imported twice
import pytest

Run = Callable[..., pytest.RunResult]

REQUESTS = """
import json, pytest
from urllib.parse import urlencode
from urllib.request import urlopen

POINT = '{"features":[{"geometry":{"x":1,"y":2}}]}'
TASK = "/rest/services/WorldViewshed/GPServer/viewshed"

def ask(url, **form):
    return json.load(urlopen(url, urlencode({"f": "json", **form}).encode()))

def submit(site, **more):
    inputs = {"Input_Observation_Point": POINT, "Viewshed_Distance": "5 Miles", **more}
    answer = ask(site.url + TASK + "/submitJob", **inputs)
    return site.url + TASK + "/jobs/" + answer["jobId"]
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Runs pytest, with the plugin, on a module of tests."""

    def run_tests(tests: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(test_users=REQUESTS + dedent(tests))
        plain = [word for each in ("cacheprovider", "xdist", "asyncio") for word in ("-p", f"no:{each}")]
        return pytester.runpytest_inprocess(*plain, *options)

    return run_tests


def text_of(result: pytest.RunResult) -> str:
    return "\n".join(result.outlines)


def test_a_test_has_a_site_of_its_own_that_it_only_has_to_name(run: Run) -> None:
    result = run("""
        def test_one(gp_site):
            job = submit(gp_site)
            assert [ask(job)["jobStatus"] for _ in range(2)] == ["esriJobExecuting", "esriJobSucceeded"]
            assert [entry.operation for entry in gp_site.journal] == ["submitJob", "job", "job"]

        def test_two(gp_site):
            assert len(gp_site.journal) == 0
    """)
    result.assert_outcomes(passed=2)


def test_a_failing_test_shows_the_journal(run: Run) -> None:
    result = run("""
        def test_one(gp_site):
            submit(gp_site)
            assert False
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*- GP journal (test-one-*) -*", "1 *POST*submitJob*WorldViewshed/viewshed*"]
    )


def test_its_length_can_be_chosen(run: Run) -> None:
    result = run(
        """
        def test_one(gp_site):
            for _ in range(3):
                ask(gp_site.url + "/rest/info")
            assert False
    """,
        "--gp-journal-lines=1",
    )
    assert "2  +" not in text_of(result)
    result.stdout.fnmatch_lines(["3  +*info*"])


def test_the_journal_of_a_failing_test_is_kept_as_har(run: Run, pytester: pytest.Pytester) -> None:
    result = run(
        """
        @pytest.mark.parametrize("fails", [True, False], ids=["a/b", "c"])
        def test_one(gp_site, fails):
            ask(gp_site.url + "/rest/info", token="a-very-secret-token")
            assert not fails
    """,
        "--gp-journal=journals",
    )
    result.assert_outcomes(failed=1, passed=1)
    (file,) = (pytester.path / "journals").iterdir()
    text = file.read_text()
    assert json.loads(text)["log"]["entries"][0]["response"]["status"] == 200
    assert "a-very-secret-token" not in text
    assert file.suffix == ".har"
    result.stdout.fnmatch_lines([f"*{file.name}"])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            'gp_site.task("WorldViewshed/viewshed").fails()',
            "rule of WorldViewshed/viewshed never applied: fails()*",
        ),
        ('gp_site.deviate("slow-each@cancel")', "deviation slow-each@cancel never applied"),
        ('gp_site.expect("submitJob")', "*submitJob*once*"),
        (
            'ask(gp_site.url + "/rest/services/Nowhere/GPServer")',
            "unexpected request 1, POST */Nowhere/GPServer*",
        ),
    ],
    ids=["rule", "deviation", "expectation", "request"],
)
def test_what_did_not_go_as_it_has_to_fails_a_test(run: Run, body: str, says: str) -> None:
    result = run(f"""
        def test_one(gp_site):
            {body}
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E *Unmet: {says}"])


@pytest.mark.parametrize(
    "marked",
    [
        """
        @pytest.mark.gp_site(allow_unused=True, allow_unexpected=True)
        def test_one(gp_site):
            BODY
        """,
        """
        @pytest.mark.gp_site(allow_unused=True, allow_unexpected=True)
        class TestAll:
            def test_one(self, gp_site):
                BODY
        """,
        """
        pytestmark = pytest.mark.gp_site(allow_unused=True, allow_unexpected=True)
        def test_one(gp_site):
            BODY
        """,
    ],
    ids=["test", "class", "module"],
)
def test_a_marker_lets_it_pass(run: Run, marked: str) -> None:
    body = 'gp_site.deviate("slow-each@cancel"); ask(gp_site.url + "/rest/services/Nowhere/GPServer")'
    run(marked.replace("BODY", body)).assert_outcomes(passed=1)


def test_the_narrowest_marker_wins(run: Run) -> None:
    result = run("""
        pytestmark = pytest.mark.gp_site(version=10.91, seed=3)

        class TestAll:
            @pytest.mark.gp_site(version=11.1)
            def test_one(self, gp_site):
                assert gp_site.profile.name == "11.1"
                assert gp_site.seed == 3
    """)
    result.assert_outcomes(passed=1)


def test_a_marker_that_asks_for_nothing_known_says_so(run: Run) -> None:
    result = run("""
        @pytest.mark.gp_site(allow_unussed=True)
        def test_one(gp_site):
            pass
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*did you mean "allow_unused"*'])


def test_a_failed_assert_of_a_tool_is_what_the_test_fails_of(run: Run) -> None:
    result = run("""
        def test_one(gp_site):
            @gp_site.task("Tools/Double")
            def double(number: int) -> int:
                assert number == 2, "the tool was to be given 2"
                return 2 * number

            job = ask(gp_site.url + "/rest/services/Tools/GPServer/Double/submitJob", number=1)["jobId"]
            for _ in range(2):
                ask(gp_site.url + "/rest/services/Tools/GPServer/Double/jobs/" + job)
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E *AssertionError: the tool was to be given 2", "E *Unmet: tool of Tools/Double*"]
    )


def test_deviations_and_a_site_file_come_by_the_marker(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", tools="services: {Tools: {executionType: sync, tasks: [{name: Count}]}}")
    result = run("""
        @pytest.mark.gp_site("tools.yaml", deviations=["slow-each@info", "status-502-html@service"])
        def test_one(gp_site):
            labels = [each.label for each in gp_site.deviations]
            assert labels == ["slow-each@info", "status-502-html@service"]
            assert list(gp_site.services) == ["Tools"]
            gp_site.deviations.clear()
    """)
    result.assert_outcomes(passed=1)


def test_a_test_that_asks_for_the_clock_moves_it(run: Run) -> None:
    result = run("""
        def test_one(gp_site, gp_clock):
            job = submit(gp_site)
            assert [ask(job)["jobStatus"] for _ in range(3)] == ["esriJobExecuting"] * 3
            gp_clock.advance(2)
            assert ask(job)["jobStatus"] == "esriJobSucceeded"
    """)
    result.assert_outcomes(passed=1)


def test_job_ids_do_not_depend_on_the_order_of_tests(run: Run, pytester: pytest.Pytester) -> None:
    tests = """
        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_one(gp_site, number):
            open(f"id{number}", "a").write(submit(gp_site).rpartition("/")[2] + " ")
    """
    run(tests)
    run(tests, "test_users.py::test_one[3]", "test_users.py::test_one[2]", "test_users.py::test_one[1]")
    seen = [(pytester.path / f"id{number}").read_text().split() for number in (1, 2, 3)]
    assert all(first == second for first, second in seen)
    assert len({first for first, _ in seen}) == 3


def test_options_stand_in_the_ini_file_too(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ngp_seed = 7\ngp_version = 10.91\n")
    tests = """
        def test_one(gp_site):
            assert (gp_site.seed, gp_site.profile.name) == EXPECTED
    """
    run(tests.replace("EXPECTED", "(7, '10.91')")).assert_outcomes(passed=1)
    run(tests.replace("EXPECTED", "(8, '10.91')"), "--gp-seed=8").assert_outcomes(passed=1)


def test_a_number_that_is_none_is_refused_before_any_test(run: Run) -> None:
    result = run("def test_one(): pass", "--gp-seed=x")
    result.stderr.fnmatch_lines(["*--gp-seed: met 'x', expected a whole number"])


def test_help_tells_of_every_option(run: Run) -> None:
    text = text_of(run("", "--help"))
    for name in ("site", "seed", "version", "journal", "journal-lines", "block-network"):
        assert f"--gp-{name}" in text
        assert f"gp_{name.replace('-', '_')} (" in text
    assert "@pytest.mark.gp_site(" in text_of(run("", "--markers"))


def test_no_test_reaches_another_machine_where_the_network_is_blocked(run: Run) -> None:
    result = run(
        """
        import socket

        def test_out(gp_site):
            with pytest.raises(Exception, match="192.0.2.1 was to be reached"):
                socket.create_connection(("192.0.2.1", 80), timeout=0.01)

        def test_in(gp_site):
            ask(gp_site.url + "/rest/info")
    """,
        "--gp-block-network",
    )
    result.assert_outcomes(passed=2)


def test_async_tests_use_the_same_fixtures(run: Run) -> None:
    result = run("""
        import httpx

        @pytest.fixture(params=["asyncio", "trio"])
        def anyio_backend(request):
            return request.param

        @pytest.mark.anyio
        async def test_one(gp_site):
            async with httpx.AsyncClient() as client:
                await client.get(gp_site.url + "/rest/info?f=json")
            entry = await gp_site.arrives("info")
            assert entry.status == 200
            gp_site.task("WorldViewshed/viewshed").fails()

        @pytest.mark.anyio
        async def test_two(gp_site):
            await gp_site.arrives("info", timeout=0.01)
    """)
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["E *never applied*"])
    result.stdout.fnmatch_lines(["E *NeverCame*"])


def test_pytest_asyncio_runs_them_too(run: Run) -> None:
    result = run(
        """
        import asyncio

        async def test_one(gp_site):
            await asyncio.to_thread(ask, gp_site.url + "/rest/info")
            assert (await gp_site.arrives("info")).status == 200
    """,
        "-p",
        "asyncio",
        "--asyncio-mode=auto",
    )
    result.assert_outcomes(passed=1)


def test_workers_of_xdist_share_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        REQUESTS
        + """
@pytest.mark.parametrize("number", range(40))
def test_one(gp_site, number):
    submit(gp_site)
    assert len(gp_site.journal) == 1
    assert len(gp_site.store) == 1
"""
    )
    result = pytester.runpytest_subprocess("-n", "2", "-p", "no:cacheprovider", "-q")
    result.assert_outcomes(passed=40)


@pytest.mark.parametrize("how", ["plain", "async"])
def test_without_pytest_a_block_serves_a_site(how: str) -> None:
    import asyncio
    from urllib.request import urlopen

    from gpharness import builtin_site, serve

    site = builtin_site("gis")

    def look(url: str) -> str:
        with urlopen(f"{url}/rest/info?f=json") as answer:
            assert json.load(answer)["currentVersion"] == 12.0
        return url

    async def served() -> str:
        async with serve(site) as url:
            return await asyncio.to_thread(look, url)

    if how == "async":
        url = asyncio.run(served())
    else:
        with serve(site) as url:
            look(url)
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/gis")


def test_the_names_of_files_are_of_any_file_system() -> None:
    from gpharness.testing.failing_tests import file_name

    name = file_name("tests/test_a.py::TestB::test_c[x/y:z*?-" + "é" * 300 + "]")
    assert len(name) < 130
    assert Path(name).name == name
    assert not set(name) & set('/\\:*?"<>|')
