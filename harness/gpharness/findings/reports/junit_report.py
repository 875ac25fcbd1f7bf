"""A report as JUnit's XML, for what shows the tests of a build.

A suite for each contract or file, in it a test for each conversation in which nothing was found, and one for
each finding. Breaking and changed ones fail, notes pass and say what they are; a conversation that was not
repeated is skipped. The names stay the same from run to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree import ElementTree

from gp_protocol.xml_text import clean

from gpharness.findings.finding_names import means, title
from gpharness.findings.findings import Finding, is_failure
from gpharness.findings.reports.report import Case, Report, Section, in_order
from gpharness.plain_texts import printable

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def as_junit(report: Report) -> str:
    """The XML as a text, to be written as UTF-8."""
    suites = [_suite(each, report) for each in report.sections]
    root = ElementTree.Element("testsuites", _text(name=f"gpharness {report.command}"))
    _count(root, suites, sum(each.seconds for each in report.sections))
    root.extend(suites)
    ElementTree.indent(root)
    return _HEAD + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(section: Section, report: Report) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", _text(name=section.subject))
    if report.at:
        suite.set("timestamp", report.at.removesuffix("Z"))
    told = {"server": section.server, "by": report.by}
    if any(told.values()):
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in told.items():
            if value:
                ElementTree.SubElement(properties, "property", _text(name=name, value=value))
    tests = [*_conversations(section), *(_finding(each, section) for each in in_order(section))]
    suite.extend(tests)
    remarks = [*section.warnings, *(f"no longer found: {each}" for each in section.gone)]
    if remarks:
        ElementTree.SubElement(suite, "system-out").text = _cleaned("\n".join(remarks))
    _count(suite, [suite], section.seconds)
    return suite


def _conversations(section: Section) -> Iterator[ElementTree.Element]:
    spoken_of = {each.conversation for each in section.findings}
    for case in section.cases:
        if case.name not in spoken_of:
            yield _conversation(case, section)


def _conversation(case: Case, section: Section) -> ElementTree.Element:
    place = case.task or section.subject
    test = ElementTree.Element("testcase", _text(classname=place, name=case.name))
    test.set("time", f"{case.seconds:.3f}")
    if case.skipped:
        ElementTree.SubElement(test, "skipped", _text(message=case.skipped))
    return test


def _finding(found: Finding, section: Section) -> ElementTree.Element:
    where = found.conversation or found.operation
    name = " ".join(filter(None, (f"{where}:" if where else "", found.name, found.path, f"[{found.id}]")))
    classname = found.task or found.file or section.subject
    test = ElementTree.Element("testcase", _text(classname=classname, name=name, time="0.000"))
    if found.file:
        test.set("file", _cleaned(found.file))
    if is_failure([found]):
        said = _text(type=f"{found.severity} {found.name}", message=_sentence(found))
        ElementTree.SubElement(test, "failure", said).text = _cleaned(_told(found))
    else:
        ElementTree.SubElement(test, "system-out").text = _cleaned(_told(found))
    return test


def _sentence(found: Finding) -> str:
    differs = f"expected {found.expected}, met {found.met}" if found.expected else found.met
    return f"{title(found)}: {differs}" if differs else title(found)


def _told(found: Finding) -> str:
    rows = [
        ("id", found.id),
        ("severity", found.severity),
        ("operation", found.operation),
        ("path", found.path),
        ("expected", found.expected),
        ("met", found.met),
        ("request", found.request),
        ("means", means(found)),
    ]
    return "\n".join(f"{name}: {value}" for name, value in rows if value)


def _count(element: ElementTree.Element, suites: Iterable[ElementTree.Element], seconds: float) -> None:
    tests = [test for suite in suites for test in suite.iter("testcase")]
    element.set("tests", str(len(tests)))
    element.set("failures", str(sum(test.find("failure") is not None for test in tests)))
    element.set("errors", "0")
    element.set("skipped", str(sum(test.find("skipped") is not None for test in tests)))
    element.set("time", f"{seconds:.3f}")


def _text(**members: str) -> dict[str, str]:
    return {name: _cleaned(value) for name, value in members.items()}


def _cleaned(text: str) -> str:
    """What any reader of XML 1.0 takes: other characters are escapes, or a replacement character."""
    return clean(printable(text))
