from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from calendly_integration.sandbox import seeds

MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # 09:00 in Bucharest


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def hours(starts, day):
    return [text[11:16] for text in starts if text.startswith(day)]


def test_a_free_day_offers_the_whole_grid_of_the_working_hours(api, demo):
    starts = hours(api.starts(demo, days=1), "2026-11-23")
    assert starts[0] == "07:00"
    assert starts[-1] == "14:30"  # ends at 15:00 UTC, 17:00 in Bucharest
    assert len(starts) == 31


def test_nothing_is_offered_at_the_weekend(api, demo):
    assert api.starts(demo, at(0, day=28), days=2) == []


def test_a_buffer_keeps_the_time_around_a_meeting_free(api, calendly, demo):
    calendly.book_as_invitee(demo, at(8))
    starts = hours(api.starts(demo, days=1), "2026-11-23")
    # 08:00 to 08:30 is taken and 15 minutes after it; the new one needs 15 minutes after itself too.
    assert [text for text in starts if "07:00" <= text <= "09:00"] == ["07:00", "07:15", "08:45", "09:00"]


def test_a_buffer_before_counts_as_well(api, calendly):
    kind = calendly.add_event_type("Careful", 30, before_buffer=30, increment=30)
    calendly.add_busy_time(at(8), at(8, 30))
    starts = hours(api.starts(kind, days=1), "2026-11-23")
    assert [text for text in starts if text <= "09:30"] == ["07:00", "07:30", "09:00", "09:30"]


def test_an_outside_obligation_blocks_every_type_of_its_host(api, calendly, demo):
    calendly.add_busy_time(at(0), at(23, 59))
    assert hours(api.starts(demo, days=1), "2026-11-23") == []


@pytest.mark.parametrize(
    ("day", "first"),
    [("2027-03-26", "07:00"), ("2027-03-29", "06:00"), ("2027-10-29", "06:00"), ("2027-11-01", "07:00")],
)
def test_working_hours_follow_the_zone_across_the_change_of_clocks(api, calendly, clock, demo, day, first):
    clock.moment = datetime.fromisoformat(f"{day}T00:00:00+00:00") - timedelta(days=3)
    begin = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    assert hours(api.starts(demo, begin, days=1), day)[0] == first


def test_a_night_shift_on_the_short_night_has_an_hour_less(api, calendly, clock):
    clock.moment = datetime(2027, 3, 26, tzinfo=UTC)
    night = calendly.add_user(
        "Night", "night@vaiportal.example", hours=("00:00", "06:00"), days=seeds.WEEKDAYS
    )
    kind = calendly.add_event_type("Night call", 60, owner=night, increment=60)
    usual = api.starts(kind, datetime(2027, 3, 26, 21, tzinfo=UTC), days=0.5)
    short = api.starts(kind, datetime(2027, 3, 27, 21, tzinfo=UTC), days=0.5)
    long = api.starts(kind, datetime(2027, 10, 30, 20, tzinfo=UTC), days=0.5)
    assert (len(usual), len(short), len(long)) == (6, 5, 7)


def test_a_rule_for_a_date_replaces_that_of_the_weekday(api, calendly, demo):
    schedule = next(item for item in calendly.state.schedules.values() if item.user_id == calendly.owner.id)
    holiday = {"type": "date", "date": "2026-11-24", "intervals": []}
    calendly.set_hours(calendly.owner, [*schedule.rules, holiday])
    assert hours(api.starts(demo, days=3), "2026-11-24") == []


def test_a_group_offers_a_start_until_its_seats_are_gone(api, calendly):
    kind = calendly.add_group_type(seats=3)
    uri = calendly.uri("event_types", kind.id)

    def remaining():
        answer = api.get(
            "/event_type_available_times",
            event_type=uri,
            start_time=at(6, 30).isoformat(),
            end_time=at(9).isoformat(),
        )
        return {row["start_time"][11:16]: row["invitees_remaining"] for row in answer.json()["collection"]}

    assert remaining()["07:00"] == 3
    for number in range(3):
        calendly.book_as_invitee(kind, MONDAY, email=f"guest{number}@example.com")
        assert remaining().get("07:00", 0) == 2 - number
    assert "07:30" in remaining()
    assert len(calendly.state.events) == 1


def test_round_robin_offers_what_any_host_has_free(api, calendly):
    hosts = list(calendly.state.users.values())
    kind = calendly.add_round_robin_type("Any of us", hosts)
    for host in hosts:
        assert "07:00" in hours(api.starts(kind, days=1), "2026-11-23")
        calendly.add_busy_time(MONDAY, MONDAY + timedelta(hours=1), user=host)
    assert "07:00" not in hours(api.starts(kind, days=1), "2026-11-23")


def test_round_robin_gives_the_meeting_to_the_less_busy_host(calendly):
    ana, radu = calendly.state.users.values()
    kind = calendly.add_round_robin_type("Any of us", [ana, radu])
    first = calendly.find_event(calendly.book_as_invitee(kind, at(8)))
    second = calendly.find_event(calendly.book_as_invitee(kind, at(10)))
    assert [first.host_ids, second.host_ids] == [[ana.id], [radu.id]]


def test_a_collective_type_needs_all_its_hosts(api, calendly):
    ana, radu = calendly.state.users.values()
    kind = calendly.add_collective_type("All of us", [ana, radu])
    calendly.add_busy_time(MONDAY, MONDAY + timedelta(minutes=30), user=radu)
    assert hours(api.starts(kind, days=1), "2026-11-23")[0] == "07:30"


def test_minimum_notice_hides_the_next_hours(api, calendly, demo):
    calendly.change_event_type(demo, minimum_notice=180)
    assert hours(api.starts(demo, days=1), "2026-11-23")[0] == "09:00"


def test_an_inactive_type_offers_nothing(api, calendly, demo):
    calendly.change_event_type(demo, active=False)
    assert api.starts(demo) == []


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (at(6), at(9), "start_time must be in the future"),
        (at(9), at(9), "start_time must be before end_time"),
        (at(9), at(9, 1) + timedelta(days=31), "date range can not be greater than 31 days"),
    ],
)
def test_a_bad_range_is_refused(api, calendly, demo, start, end, said):
    uri = calendly.uri("event_types", demo.id)
    answer = api.get(
        "/event_type_available_times", event_type=uri, start_time=start.isoformat(), end_time=end.isoformat()
    )
    assert answer.status_code == 400
    assert answer.json()["details"][0]["message"] == said


def test_31_days_are_allowed(api, demo):
    assert len({text[:10] for text in api.starts(demo, days=31)}) == 23


def test_busy_times_show_meetings_with_buffers_and_the_own_calendar(api, calendly, demo):
    calendly.book_as_invitee(demo, at(8))
    calendly.add_busy_time(at(10), at(11))
    answer = api.get(
        "/user_busy_times",
        user=calendly.user_uri(calendly.owner),
        start_time=at(6).isoformat(),
        end_time=at(6, day=30).isoformat(),
    )
    first, second = answer.json()["collection"]
    assert first["type"] == "calendly"
    assert first["buffered_end_time"] == "2026-11-23T08:45:00.000000Z"
    assert first["event"]["uri"].startswith("https://api.calendly.com/scheduled_events/")
    assert second["type"] == "external"
    assert "event" not in second


def test_busy_times_refuse_more_than_a_week_and_a_broken_calendar(api, calendly):
    query = {"user": calendly.user_uri(calendly.owner), "start_time": at(7).isoformat()}
    assert api.get("/user_busy_times", **query, end_time=at(8, day=30).isoformat()).status_code == 400
    calendly.break_calendar()
    assert api.get("/user_busy_times", **query, end_time=at(7, day=30).isoformat()).status_code == 424
