"""What a person or another process meets: control endpoints, pages, deliveries, the state file."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from calendly_integration.sandbox import availability, moments, seeds, servers, statefile
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.server import SandboxServer


@pytest.fixture
def server():
    calendly = Calendly()
    calendly.seed_standard()
    calendly.options.retry_base = 0.05
    with SandboxServer(calendly) as running:
        yield running


@pytest.fixture
def web(server):
    with requests.Session() as session:
        session.trust_env = False

        def call(method, path, **values):
            return session.request(method, server.url + path, timeout=5, **values)

        yield call


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((json.loads(body), dict(self.headers)))
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    listener = HTTPServer(("127.0.0.1", 0), Receiver)
    listener.got, listener.answers = [], []
    listener.url = f"http://127.0.0.1:{listener.server_address[1]}/hook"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield listener
    listener.shutdown()
    listener.server_close()
    thread.join()


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def first_start(server):
    calendly = server.calendly
    with calendly.lock:
        now, kind = calendly.now(), calendly.find_event_type("Sales Demo")
        free = availability.starts(calendly.state, kind, now, now + timedelta(days=7), now)
    return [moments.text(moment) for moment, _ in free]


def test_people_act_over_http(server, web):
    starts = first_start(server)
    booked = web("POST", "/sandbox/people/book", json={"event_type": "Sales Demo", "start_time": starts[0]})
    assert booked.status_code == 200
    assert booked.json()["scheduling_method"] is None
    again = web("POST", "/sandbox/people/book", json={"event_type": "sales-demo", "start_time": starts[0]})
    assert (again.status_code, again.json()["details"][0]["code"]) == (400, "already_filled")
    moved = web(
        "POST", "/sandbox/people/reschedule", json={"invitee": booked.json()["uri"], "start_time": starts[10]}
    )
    assert moved.json()["old_invitee"] == booked.json()["uri"]
    uri = moved.json()["uri"]
    assert web("POST", "/sandbox/people/no_show", json={"invitee": uri}).status_code == 200
    assert web("POST", "/sandbox/people/undo_no_show", json={"invitee": uri}).status_code == 200
    canceled = web("POST", "/sandbox/people/cancel", json={"invitee": uri, "reason": "nu mai am timp"})
    assert canceled.json()["cancellation"]["reason"] == "nu mai am timp"
    changed = web(
        "POST", "/sandbox/people/change_event_type", json={"event_type": "Sales Demo", "name": "Demo"}
    )
    assert changed.json()["name"] == "Demo"
    state = web("GET", "/sandbox/state").json()
    assert len(state["events"]) == 2
    assert state["events"][0]["invitees"][0]["email"] == "maria.popa@example.com"


def test_the_control_switches(server, web):
    calendly = server.calendly
    assert web("POST", "/sandbox/faults", json={"kind": "status", "status": 500}).json()["status"] == 500
    assert len(web("GET", "/sandbox/faults").json()["faults"]) == 1
    web("DELETE", "/sandbox/faults")
    assert calendly.faults.listing() == []
    web("POST", "/sandbox/webhooks/double")
    web("POST", "/sandbox/webhooks/reverse")
    assert (calendly.options.webhook_double, calendly.options.webhook_order) == (True, "reversed")
    web("POST", "/sandbox/webhooks/normal")
    assert (calendly.options.webhook_double, calendly.options.webhook_order) == (False, "sent")
    web("POST", "/sandbox/options", json={"plan": "free", "latency": 0.01})
    assert (calendly.options.plan, calendly.latency) == ("free", 0.01)
    clock = web("POST", "/sandbox/clock", json={"now": "2027-03-28T00:00:00Z"}).json()
    assert clock["now"].startswith("2027-03-28T00:00:0")
    web("GET", "/users/me", headers={"Authorization": f"Bearer {seeds.TOKEN}"})
    assert web("GET", "/sandbox/calls?limit=1").json()["calls"][0]["path"] == "/users/me"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/faults", {"kind": "none"}),
        ("/sandbox/faults", {}),
        ("/sandbox/options", {"colour": "red"}),
        ("/sandbox/options", {"plan": "golden"}),
        ("/sandbox/options", {"retry_base": "soon"}),
        ("/sandbox/people/book", {"event_type": "Sales Demo", "start_time": "soon"}),
        ("/sandbox/people/book", {"event_type": "Sales Demo", "start_time": "2027-01-01T10:00:00Z", "x": 1}),
        ("/sandbox/clock", {"now": "soon"}),
    ],
)
def test_a_wrong_control_call_is_a_400(web, path, body):
    assert web("POST", path, json=body).status_code == 400


def test_options_are_changed_all_or_none(server, web):
    body = {"retry_after_header": True, "latency": 0.5, "plan": "golden"}
    assert web("POST", "/sandbox/options", json=body).status_code == 400
    assert (server.calendly.options.retry_after_header, server.calendly.latency) == (False, 0.0)


def test_an_unknown_control_path_is_a_404(web):
    assert web("POST", "/sandbox/nothing", json={}).status_code == 404


def test_another_site_may_not_play(web):
    assert (
        web("POST", "/sandbox/clock", json={}, headers={"Origin": "https://evil.example"}).status_code == 403
    )


def test_deliveries_are_sent_by_themselves_and_tried_again(server, receiver):
    receiver.answers = [500, 302]
    hook = server.calendly.subscribe(receiver.url, "key")
    server.calendly.book_as_invitee("Sales Demo", first_start(server)[0])
    # What came of the last one is noted a moment after it has come.
    until(lambda: len(receiver.got) == 3 and hook.retry_started_at is None)
    assert not server.calendly.pending_deliveries
    (first, headers), _, (third, later) = receiver.got
    assert first == third
    assert headers["Calendly-Webhook-Signature"].startswith("t=")
    assert headers["Content-Type"] == later["Content-Type"] == "application/json"


def test_held_deliveries_leave_when_released_in_the_reversed_order(server, web, receiver):
    web("POST", "/sandbox/webhooks/hold")
    web("POST", "/sandbox/webhooks/reverse")
    server.calendly.subscribe(receiver.url, "key")
    for name in ("a", "b", "c"):
        server.calendly.change_event_type("Sales Demo", description=name)
    time.sleep(0.1)
    assert receiver.got == []
    web("POST", "/sandbox/webhooks/release")
    until(lambda: len(receiver.got) == 3)
    assert {body["payload"]["description_plain"] for body, _ in receiver.got} == {"a", "b", "c"}


class Tags(HTMLParser):
    """What a strict policy forbids, and the forms."""

    def __init__(self, text):
        super().__init__()
        self.bad, self.links, self.names = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        if tag in ("script", "style") or "style" in names or any(name.startswith("on") for name in names):
            self.bad.append((tag, names))
        if tag == "a":
            self.links.append(names["href"])
        if tag in ("input", "textarea"):
            self.names.append(names["name"])


def test_an_invitee_books_moves_and_cancels_on_the_pages(server, web):
    calendly = server.calendly
    slots = Tags(web("GET", "/ana-ionescu/sales-demo").text).links
    form = web("GET", slots[0])
    assert {"name", "email", "timezone", "start_time"} <= set(Tags(form.text).names)
    start = requests.utils.unquote(slots[0].partition("start_time=")[2])
    fields = {
        "start_time": start,
        "name": "<b>Ion</b>",
        "email": "ion@example.com",
        "timezone": "Europe/Bucharest",
    }
    assert "Booked" in web("POST", "/ana-ionescu/sales-demo", data=fields).text
    assert "been filled" in web("POST", "/ana-ionescu/sales-demo", data=fields).text
    invitee = next(iter(calendly.state.invitees.values()))
    page = web("GET", "/")
    assert "&lt;b&gt;Ion" in page.text
    assert "<b>Ion" not in page.text
    moves = Tags(web("GET", f"/reschedulings/{invitee.id}").text).links
    confirm = web("GET", moves[3])
    assert "Move to" in confirm.text
    data = {"start_time": requests.utils.unquote(moves[3].partition("start_time=")[2])}
    assert "Moved" in web("POST", f"/reschedulings/{invitee.id}", data=data).text
    new = list(calendly.state.invitees.values())[-1]
    assert web("GET", f"/cancellations/{new.id}").status_code == 200
    assert "Canceled" in web("POST", f"/cancellations/{new.id}", data={"reason": "conflict"}).text
    assert new.cancellation.reason == "conflict"
    assert web("POST", f"/cancellations/{new.id}", data={}).status_code == 403
    assert web("GET", "/cancellations/nobody").status_code == 404


def test_the_pages_need_no_script_and_no_inline_style(server, web):
    server.calendly.book_as_invitee("Sales Demo", first_start(server)[0])
    invitee = next(iter(server.calendly.state.invitees))
    for path in (
        "/",
        "/?watch=1",
        "/ana-ionescu/technical-support",
        f"/cancellations/{invitee}",
        f"/reschedulings/{invitee}",
    ):
        page = web("GET", path)
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert Tags(page.text).bad == []
    assert web("GET", "/sandbox/style.css").headers["Content-Type"].startswith("text/css")


def test_a_single_use_link_has_a_page(server, web):
    owner = server.calendly.uri("event_types", server.calendly.find_event_type("Sales Demo").id)
    made = web(
        "POST",
        "/scheduling_links",
        json={"max_event_count": 1, "owner": owner, "owner_type": "EventType"},
        headers={"Authorization": f"Bearer {seeds.TOKEN}"},
    ).json()
    path = made["resource"]["booking_url"].removeprefix("https://calendly.com")
    slots = Tags(web("GET", path).text).links
    start = requests.utils.unquote(slots[0].partition("start_time=")[2])
    fields = {"start_time": start, "name": "Ion", "email": "ion@example.com", "timezone": "UTC"}
    assert web("POST", path, data=fields).status_code == 200
    assert web("POST", path, data=fields).status_code == 404


def test_the_state_survives_in_its_file(calendly, api, demo, tmp_path):
    calendly.subscribe("https://portal.example/hook", "key")
    invitee = api.book(demo).json()["resource"]
    calendly.deliver(lambda *_: 500)
    calendly.mark_no_show(invitee["uri"])
    path = tmp_path / "state.json"
    keeper = statefile.StateFile(calendly, path)
    keeper.start()
    keeper.stop()
    other = Calendly(clock=calendly.clock)
    assert statefile.StateFile(other, path).load()
    assert other.state == calendly.state
    assert [item.event for item in other.pending_deliveries] == ["invitee.created", "invitee_no_show.created"]
    assert other.state.new_id() == calendly.state.new_id()
    assert other.find_invitee(invitee["uri"]).no_show_id is not None
    path.write_text("[]")
    with pytest.raises(ValueError, match="not a state"):
        statefile.StateFile(other, path).load()


def test_both_servers_run_together_and_remember(tmp_path):
    file = tmp_path / "state.json"
    options = {
        "port": 0,
        "portal_port": 0,
        "state": file,
        "webhook_url": "http://127.0.0.1:9/hook",
        "signing_key": "k",
    }
    for _ in range(2):
        with servers.run(**options) as running:
            assert requests.get(running.url + "/sandbox/state", timeout=5).json()["subscriptions"]
            assert requests.get(running.portal_url + "/sandbox/messages", timeout=5).json()["count"] == 0
            count = len(running.calendly.state.subscriptions)
            if not running.calendly.state.invitees:
                invitee = running.calendly.book_as_invitee("Sales Demo", first_start(running.server)[0])
    assert count == 1
    assert invitee.id in running.calendly.state.invitees
