"""What stands in for a site's operations."""

from __future__ import annotations

from gp_mockserver.builtin.builtin_site import builtin_site
from gp_mockserver.wire.replies import AnyReply, BytesReply, Refusal, Reply
from gp_mockserver.wire.requests import Request

TASK = "WorldViewshed/GPServer/viewshed"

TAKEN: list[str] = []


class Recordings:
    """Answers what ends with certain words, by any method and in any form; leaves all else to the site."""

    async def reply(self, request: Request, lost: Refusal | None) -> AnyReply | None:
        match request.path.rpartition("/")[2]:
            case "replaced":
                return Reply({"path": request.path, "lost": lost.name if lost else ""})
            case "gone":
                return BytesReply("text/plain", b"gone", headers={"x-of": "then"}, status=410)
            case "refused":
                raise Refusal("bad-value", "not recorded")
            case "execute":
                return Reply({"address": request.address.operation, "inputs": dict(request.parameters)})
        return None

    def start_anew(self) -> None:
        TAKEN.clear()

    def has_job(self, job_id: str) -> bool:
        return job_id == TAKEN.pop() if TAKEN else False


def test_it_answers_what_it_knows_also_where_the_address_leads_nowhere(wire):
    wire.site.stand_in = Recordings()
    assert wire.json("Nothing/replaced")["lost"] == "service-not-found"
    assert wire.json(f"{TASK}/replaced")["lost"] == "invalid-url"
    answer = wire.get(f"{TASK}/gone", f="json")
    assert (answer.status_code, answer.text, answer.headers["x-of"]) == (410, "gone", "then")
    assert [entry.status for entry in wire.site.journal] == [200, 200, 410]


def test_it_is_asked_whatever_the_method_and_the_form(wire):
    wire.site.stand_in = Recordings()
    answer = wire.http.put(f"{TASK}/execute", params={"f": "json", "Distance": "5"})
    assert answer.json() == {"address": "execute", "inputs": {"f": "json", "Distance": "5"}}
    assert wire.http.put(TASK, params={"f": "json"}).status_code == 405
    assert wire.get(TASK, f="xml").status_code == 400


def test_what_it_leaves_is_the_sites_own(wire):
    wire.site.stand_in = Recordings()
    assert wire.json(TASK)["displayName"] == "viewshed"
    assert wire.error("Nothing/GPServer")["code"] == 404
    assert wire.error(f"{TASK}/refused")["details"] == ["not recorded"]
    assert wire.site.journal[-1].near_miss == "not recorded"


def test_no_new_job_has_the_id_of_one_that_it_knows(wire):
    first = builtin_site(wire.site.context).new_job_id()
    wire.site.stand_in = Recordings()
    TAKEN.append(first)
    assert wire.site.new_job_id() != first
    assert TAKEN == []


def test_it_starts_anew_with_the_site(wire):
    wire.site.stand_in = Recordings()
    TAKEN.append("j1")
    wire.site.reset()
    assert TAKEN == []
