"""The pytest plugin as users' tests see it: each statement is a test suite of its own, run by pytest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pyproj  # noqa: F401 - each run forgets what it has imported, and these cannot be imported twice
import pytest
import yaml  # noqa: F401

from every_case import every_case

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
        return pytester.runpytest_inprocess(*plain, *options, no_reraise_ctrlc=True)

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


NOT_COME = {
    "rule": (
        'gp_site.task("WorldViewshed/viewshed").fails()',
        "rule of WorldViewshed/viewshed never applied: fails()*",
    ),
    "deviation": ('gp_site.deviate("slow-each@cancel")', "deviation slow-each@cancel never applied*"),
    "expectation": ('gp_site.expect("submitJob")', "*submitJob*once*"),
    "order": ('gp_site.expect_in_order("submitJob", "job")', "*no submitJob*"),
}
GONE_WRONG = {
    "request": (
        'ask(gp_site.url + "/rest/services/Nowhere/GPServer")',
        "unexpected request 1, POST */Nowhere/GPServer*",
    ),
    "one too many": ('gp_site.expect("info", times=0); ask(gp_site.url + "/rest/info")', "*info never*"),
}


@pytest.mark.parametrize(("body", "says"), GONE_WRONG.values(), ids=GONE_WRONG)
def test_what_has_gone_wrong_fails_a_test_at_the_end_of_its_function(run: Run, body: str, says: str) -> None:
    result = run(f"""
        def test_one(gp_site):
            {body}
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E *Unmet: {says}"])


@pytest.mark.parametrize(("body", "says"), NOT_COME.values(), ids=NOT_COME)
def test_what_has_not_come_is_an_error_once_fixtures_are_torn_down(run: Run, body: str, says: str) -> None:
    result = run(f"""
        def test_one(gp_site):
            {body}
    """)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_one*", f"E *Unmet: {says}"])


LAST_WORDS = """
    @pytest.fixture
    def client(SITE):
        at_the_end = []
        yield at_the_end
        for url in at_the_end:
            ask(url)

    def test_one(client, gp_site):
        gp_site.expect("info")
        client.append(gp_site.url + "/rest/PATH")
"""


@pytest.mark.parametrize("depends", ["gp_site", ""], ids=["fixture of the site", "fixture before the site"])
@pytest.mark.parametrize(("path", "outcomes"), [("info", {}), ("services/Nowhere", {"errors": 1})])
def test_what_a_client_does_while_fixtures_are_torn_down_counts(
    run: Run, depends: str, path: str, outcomes: dict[str, int]
) -> None:
    result = run(LAST_WORDS.replace("SITE", depends).replace("PATH", path))
    result.assert_outcomes(passed=1, **outcomes)
    if outcomes:
        result.stdout.fnmatch_lines(
            ["E *expected info once*", "*unexpected request 1*", "*- GP journal (*", "1 *Nowhere*"]
        )


@pytest.mark.parametrize(
    ("end", "outcomes"),
    [
        ("assert False", {"failed": 1}),
        ("pytest.skip()", {"skipped": 1}),
        ("pytest.xfail()", {"xfailed": 1}),
    ],
)
def test_a_test_that_has_not_passed_is_not_judged(run: Run, end: str, outcomes: dict[str, int]) -> None:
    result = run(f"""
        def test_one(gp_site):
            gp_site.expect("submitJob")
            {end}

        import unittest

        class TestAll(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def with_site(self, gp_site):
                self.site = gp_site

            def test_one(self):
                self.site.expect("submitJob")
                {end}
    """)
    result.assert_outcomes(**{name: 2 * count for name, count in outcomes.items()})


def test_what_goes_wrong_in_a_tool_shows_where_the_test_fails_itself(run: Run) -> None:
    result = run("""
        def test_one(gp_site):
            @gp_site.task("Tools/Double", execution="sync")
            def double(number: int) -> int:
                assert number == 2, "the tool was to be given 2"
                return 4

            ask(gp_site.url + "/rest/services/Tools/GPServer/Double/execute", number=1)
            assert False
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- GP tool errors -*", "*the tool was to be given 2"])


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


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("allow_unussed=True", '*did you mean "allow_unused"*'),
        ('"a.yaml", "b.yaml"', "met 2 site files, expected one*"),
        ('"a.yaml", file="b.yaml"', "met 2 site files, expected one*"),
        ('allow_unused="no"', 'allow_unused: met "no", expected True or False'),
        ("allow_unexpected=None", "allow_unexpected: met None, expected True or False"),
        ("file=3", "file: met 3, expected the path of a site file"),
        ('seed="4"', 'seed: met "4", expected a whole number'),
        ("seed=True", "seed: met True, expected a whole number"),
        ('version="twelve"', "version: met 'twelve', expected a version number *"),
        ('clock="jmp"', '*did you mean "jump"*'),
        ("clock=60", 'clock: met 60, expected "jump", *'),
        ('context="a/b"', "context 'a/b': expected one segment *"),
        ('"nowhere.yaml"', "*nowhere.yaml: met No such file or directory, *"),
        ("deviations=3", "deviations: met 3, expected a list of deviations"),
        ("deviations=[3]", "deviations[[]0]: met 3, expected a name, *"),
        ('deviations=["slow-each", "slow-eech"]', 'deviations[[]1]: met "slow-eech", *mean "slow-each"*'),
        ('deviations=[("slow-each", {"secods": 1})]', "deviations[[]0]: *'secods'*mean \"seconds\"*"),
        ('deviations=[{"operation": "job"}]', "deviations[[]0].name: met null, expected the name *"),
        ('deviations=[{"name": "own", "do": [{"remov": "/x"}]}]', 'deviations[[]0]: *mean "remove"*'),
    ],
)
def test_a_marker_that_asks_for_what_there_is_not_says_so_in_a_line(run: Run, words: str, says: str) -> None:
    result = run(f"""
        @pytest.mark.gp_site({words})
        def test_one(gp_site):
            pass
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"marker gp_site of test_users.py::test_one: {says}"])
    text = text_of(result)
    assert text.count("marker gp_site of") == 2, "once in the report, and once in the summary"
    assert "During handling" not in text
    assert "site_settings.py" not in text


@pytest.mark.parametrize(("strict", "outcomes"), [("always", {"warnings": 1}), ("error", {"errors": 1})])
def test_a_marker_on_a_test_that_does_not_use_the_site_is_warned_of(
    run: Run, strict: str, outcomes: dict[str, int]
) -> None:
    result = run(
        """
        @pytest.mark.gp_site(seed=3)
        def test_one():
            pass

        @pytest.mark.gp_site(seed=3)
        def test_two(request):
            assert request.getfixturevalue("gp_site").seed == 3

        @pytest.mark.gp_site(seed=3)
        class TestAll:
            def test_three(self):
                pass
    """,
        "-W",
        strict,
    )
    result.assert_outcomes(passed=3, **outcomes)
    result.stdout.fnmatch_lines(["*UnusedMarkerWarning: test_users.py::test_one has the marker gp_site, *"])


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


def test_a_marker_lets_mistakes_of_tools_pass(run: Run) -> None:
    result = run("""
        @pytest.mark.gp_site(allow_tool_errors=True)
        def test_one(gp_site):
            @gp_site.task("Tools/Break", execution="sync")
            def break_down() -> int:
                raise ValueError("this is what the test is about")

            assert "error" in ask(gp_site.url + "/rest/services/Tools/GPServer/Break/execute")
    """)
    result.assert_outcomes(passed=1)


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


@pytest.mark.parametrize(
    ("form", "labels"),
    [
        ('"slow-each@info#2"', ["slow-each@info#2"]),
        ('("slow-each@info", {"seconds": 0.01})', ["slow-each@info"]),
        ('{"name": "slow-each", "operation": "info", "seconds": 0.01}', ["slow-each@info"]),
        ('{"name": "own", "on": ["task"], "do": [{"remove": "/displayName"}]}', ["own"]),
        ('Deviation("own", ({"remove": "/displayName"},))', ["own"]),
        ('"connection-refused"', ["connection-refused"]),
    ],
)
def test_a_marker_names_deviations_in_any_form(run: Run, form: str, labels: list[str]) -> None:
    tests = """
        from gp_mockserver.deviations.records import Deviation

        @pytest.mark.gp_site(deviations=FORM, allow_unused=True)
        def test_one(gp_site):
            assert [each.label for each in gp_site.deviations] == LABELS

        @pytest.mark.gp_site(deviations=[FORM], allow_unused=True)
        def test_listed(gp_site):
            assert [each.label for each in gp_site.deviations] == LABELS
    """
    run(tests.replace("FORM", form).replace("LABELS", repr(labels))).assert_outcomes(passed=2)


def test_a_test_makes_more_sites_that_are_held_to_the_same(run: Run, pytester: pytest.Pytester) -> None:
    result = run(
        """
        def test_one(gp_site, gp_new_site):
            second, third = gp_new_site(seed=4, clock="manual"), gp_new_site(version=10.91)
            assert (second.seed, third.seed, third.profile.name) == (4, 0, "10.91")
            assert len({gp_site.url, second.url, third.url}) == 3
            for site in (gp_site, second):
                ask(site.url + "/rest/info")
            ask(second.url + "/rest/services/Nowhere")
            third.expect("info")

        def test_two(gp_new_site):
            gp_new_site().task("WorldViewshed/viewshed").fails()

        def test_three(gp_new_site):
            gp_new_site(sed=3)
    """,
        "--gp-journal=journals",
    )
    result.assert_outcomes(failed=2, passed=1, errors=1)
    result.stdout.fnmatch_lines(["E *Unmet: rule of WorldViewshed/viewshed never applied*"])
    result.stdout.fnmatch_lines(
        [
            "E *Unmet: site test-one-*-2: unexpected request 2, *",
            "*site test-one-*-3: expected info once*",
            "*- GP journal (test-one-??????) -*",
            "*- GP journal (test-one-??????-2) -*",
            "E *SettingsError: gp_new_site: met sed=*",
        ]
    )
    assert len(list((pytester.path / "journals").iterdir())) == 2, "no journal is kept that is empty"


def test_sites_of_wider_scope_are_shown_and_judged_at_their_end(run: Run) -> None:
    result = run("""
        from gpharness.testing import site_for

        @pytest.fixture(scope="module")
        def shared(gp_server):
            with site_for(gp_server, seed=5) as site:
                site.expect("info", times=3)
                yield site

        def test_one(shared):
            ask(shared.url + "/rest/info")

        def test_two(shared, gp_site):
            ask(shared.url + "/rest/info")
            assert False

        def test_three(gp_site, shared):
            assert shared.seed == 5
            assert False
    """)
    result.assert_outcomes(passed=1, failed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_three*", "E *Unmet: expected info 3 times*"])
    result.stdout.fnmatch_lines(["*_ test_two _*", "*- GP journal (shared-1) -*", "*_ test_three _*"])
    assert text_of(result).count("GP journal (shared-1)") == 1, "test_three did not ask it"


def test_a_site_that_a_test_has_removed_is_judged_all_the_same(run: Run) -> None:
    result = run("""
        def test_one(gp_site, gp_server):
            gp_site.expect("info")
            gp_server.app.remove_site(gp_site.context)
    """)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["E *Unmet: expected info once*"])


@pytest.mark.parametrize("ends", ["raise KeyboardInterrupt", 'pytest.exit("enough")'])
def test_an_interrupted_test_shows_and_keeps_its_journal(
    run: Run, pytester: pytest.Pytester, ends: str
) -> None:
    result = run(
        f"""
        def test_one(gp_site):
            ask(gp_site.url + "/rest/info")
            {ends}
    """,
        "--gp-journal=journals",
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        ["*= GP journal (test-one-*), of test_users.py::test_one =*", "1 *info*", "*.har"]
    )
    (file,) = (pytester.path / "journals").iterdir()
    assert json.loads(file.read_text())["log"]["entries"]


def test_journals_are_kept_below_the_root_folder(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\ngp_journal = journals\n")
    folder = pytester.mkdir("elsewhere")
    tests = """
        def test_one(gp_site):
            ask(gp_site.url + "/rest/info")
            assert False
    """
    pytester.makepyfile(test_users=REQUESTS + dedent(tests))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run(tests, str(pytester.path / "test_users.py"), f"--rootdir={pytester.path}").assert_outcomes(
            failed=1
        )
    assert len(list((pytester.path / "journals").iterdir())) == 1


def test_a_test_that_asks_for_the_clock_moves_it(run: Run) -> None:
    result = run("""
        def test_one(gp_site, gp_clock):
            job = submit(gp_site)
            assert [ask(job)["jobStatus"] for _ in range(3)] == ["esriJobExecuting"] * 3
            gp_clock.advance(2)
            assert ask(job)["jobStatus"] == "esriJobSucceeded"

        def test_later(gp_site, request):
            job = submit(gp_site)
            clock = request.getfixturevalue("gp_clock")
            assert [ask(job)["jobStatus"] for _ in range(3)] == ["esriJobExecuting"] * 3
            clock.advance(2)
            assert ask(job)["jobStatus"] == "esriJobSucceeded"

        WORDS = ("jump", "real", "x60", "manual")

        @pytest.mark.parametrize(
            "clock", [pytest.param(word, marks=pytest.mark.gp_site(clock=word)) for word in WORDS]
        )
        def test_any(gp_site, gp_clock, clock):
            before = gp_clock.now()
            gp_clock.advance("1h")
            assert gp_clock.now() >= before + 3600
            gp_clock.freeze()
            stopped = gp_clock.now()
            gp_clock.advance(5)
            assert gp_site.clock.now() == gp_clock.now() == stopped + 5
            gp_clock.run(1e6)
            while gp_clock.now() < stopped + 60:
                pass
            with pytest.raises(ValueError, match="expected seconds"):
                gp_clock.advance("soon")
    """)
    result.assert_outcomes(passed=6)


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


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--gp-seed=x", "--gp-seed: met 'x', expected a whole number"),
        ("--gp-version=x", "--gp-version: met 'x', expected a version number *"),
    ],
)
def test_an_option_that_says_nothing_known_is_refused_before_any_test(
    run: Run, option: str, says: str
) -> None:
    run("def test_one(): pass", option).stderr.fnmatch_lines([f"*{says}"])


def test_help_tells_of_every_option(run: Run) -> None:
    text = text_of(run("", "--help"))
    for name in ("site", "seed", "version", "journal", "journal-lines", "allow-hosts", "block-network"):
        assert f"--gp-{name}" in text
        assert f"gp_{name.replace('-', '_')} (" in text
    assert "@pytest.mark.gp_site(" in text_of(run("", "--markers"))


def test_no_test_reaches_another_machine_where_the_network_is_blocked(run: Run) -> None:
    result = run(
        """
        import socket

        def test_out(gp_site):
            with pytest.raises(Exception, match="192.0.2.1 was to be reached.*--gp-allow-hosts=192.0.2.1"):
                socket.create_connection(("192.0.2.1", 80), timeout=0.01)

        def test_let_through(gp_site):
            from gpharness.network_block import NetworkBlocked, blocks

            for host in ("198.51.100.7", "203.0.113.9", "gis.invalid"):
                blocks[-1].check(host)
            with pytest.raises(NetworkBlocked):
                blocks[-1].check("198.51.101.7")

        def test_in(gp_site):
            ask(gp_site.url + "/rest/info")
    """,
        "--gp-block-network",
        "--gp-allow-hosts=198.51.100.0/24, gis.invalid,203.0.113.9",
    )
    result.assert_outcomes(passed=3)


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
    result.assert_outcomes(failed=2, passed=2, errors=2)
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


@every_case("kind", ["none", "one", "several", "list", "app"])
def test_the_address_that_a_block_gives_knows_its_server(kind: str) -> None:
    from gpharness import MockServer, Site, serve

    sites = [Site("a"), Site("b")]
    served = {"none": [], "one": sites[:1], "several": sites, "list": [sites], "app": [MockServer(sites)]}[
        kind
    ]
    with serve(*served) as url:
        assert url == url.url == f"{url.root}/{next(iter(url.app.sites))}"
        assert type(url.url) is str
        assert len(url.app.sites) == (1 if kind in ("none", "one") else 2)


def test_what_tests_need_is_in_one_place() -> None:
    import gpharness

    for name in gpharness.__all__:
        assert getattr(gpharness, name).__name__ == name


def test_the_names_of_files_are_of_any_file_system() -> None:
    from gpharness.testing.failing_tests import file_name

    name = file_name("tests/test_a.py::TestB::test_c[x/y:z*?-" + "é" * 300 + "]")
    assert len(name) < 130
    assert Path(name).name == name
    assert not set(name) & set('/\\:*?"<>|')
