"""Bookings as files: filtered, defused, for those who may."""

import csv
import io
import logging
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from calendly_integration.models import Booking, VAIMetadata
from calendly_integration.services.backoffice import exports

from . import factories


def url(kind: str) -> str:
    return reverse(f"admin:calendly_integration_booking_export_{kind}")


def read(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_the_csv_obeys_filters_and_search_and_tells_the_zone(staff: Client, db: None, caplog: Any) -> None:
    account = factories.create_account()
    factories.create_booking(account, 1)
    factories.create_booking(account, 2, text="Other")
    canceled = factories.create_booking(account, 3)
    Booking.objects.filter(pk=canceled.pk).update(status="canceled")
    with caplog.at_level(logging.INFO, "calendly.admin"):
        body = read(staff.get(url("csv"), {"q": "nora", "status__exact": "confirmed"}))
    assert body.startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=";")
    assert head[1] == "Start (Europe/Bucharest)"
    assert [line[1] for line in lines] == ["2026-11-23 09:00"]
    assert lines[0][4] == "confirmed"
    assert "nora" not in caplog.text.lower()
    assert "filters=q,status__exact" in caplog.text


def test_who_canceled_and_who_did_not_come_stand_in_the_file(staff: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account(), 1)
    Booking.objects.filter(pk=booking.pk).update(canceled_by="maria", no_show_at=factories.NOW)
    head, line = csv.reader(io.StringIO(read(staff.get(url("csv"))).decode("utf-8-sig")), delimiter=";")
    told = dict(zip(head, line, strict=True))
    assert told["Canceled by"] == "maria"
    assert told["No-show marked at (Europe/Bucharest)"] == "2026-11-23 08:00"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", " =1"])
def test_formulas_are_defused_in_both(staff: Client, db: None, text: str) -> None:
    factories.create_booking(factories.create_account(), 1, text=text)
    line = list(
        csv.reader(io.StringIO(read(staff.get(url("csv"))).decode("utf-8-sig"), newline=""), delimiter=";")
    )[1]
    assert line[8] == f"'{text}"
    book = zipfile.ZipFile(io.BytesIO(read(staff.get(url("xlsx")))))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert 't="inlineStr"' in sheet


@pytest.mark.parametrize("between", [";", ",", "\t", "\n", "\r\n", "|", '; "', ";  "])
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝"])
def test_no_part_of_a_cell_is_a_formula_however_excel_splits_lines(
    staff: Client, db: None, between: str, sign: str
) -> None:
    factories.create_booking(factories.create_account(), 1, text=f"Ana{between}{sign}HYPERLINK(A1)")
    body = read(staff.get(url("csv"))).decode("utf-8-sig")
    for delimiter in (",", ";", "\t", "|"):
        for line in csv.reader(io.StringIO(body, newline=""), delimiter=delimiter):
            for cell in line:
                for part in cell.splitlines():
                    assert not part.lstrip(' "').startswith(sign), (delimiter, part)


def test_what_is_no_formula_is_left_as_it_is() -> None:
    for text in (
        "Ana; Ion",
        "a-b, c+d",
        "line\n\nline",
        "x@example.com; y@example.com",
        "2026-11-23 09:00 UTC+2",
    ):
        assert exports.harmless(text) == text


def test_excel_has_real_dates_a_filter_and_what_the_invitee_gave(staff: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account(), 1)
    VAIMetadata.objects.filter(booking=booking).update(notes="Wants prices.")
    current = booking.calendly_bookings.get()
    Booking.objects.filter(pk=booking.pk).update(current_calendly_booking=current)
    current.invitee_raw = {"questions_and_answers": [{"question": "How many?", "answer": "Five"}]}
    current.event_raw = {"event_guests": [{"email": "guest@example.com"}]}
    current.save()
    book = zipfile.ZipFile(io.BytesIO(read(staff.get(url("xlsx")))))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert '<autoFilter ref="A1:W2"/>' in sheet
    assert re.search(r'<c r="B2" s="\d+"><v>46349\.375</v>', sheet)  # 2026-11-23 09:00
    for given in ("Wants prices.", "How many?: Five", "guest@example.com"):
        assert given in sheet


def test_excel_has_all_rows_as_text(staff: Client, db: None) -> None:
    account = factories.create_account()
    for number in range(5):
        factories.create_booking(account, number)
    answer = staff.get(url("xlsx"))
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    sheet = zipfile.ZipFile(io.BytesIO(read(answer))).read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 6


def test_a_stream_is_made_line_by_line() -> None:
    made = []

    def endless() -> Any:
        while True:
            made.append(1)
            yield ["x"]

    lines = exports.csv_lines(head=["h"], rows=endless())
    assert [next(lines) for _ in range(4)] == [b"\xef\xbb\xbf", b"h\r\n", b"x\r\n", b"x\r\n"]
    assert len(made) == 2


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("stranger", 403), ("nobody", 302)])
def test_only_those_who_may_take_bookings_away(
    entered: Callable[..., Client], db: None, kind: str, who: str, status: int
) -> None:
    factories.create_booking(factories.create_account())
    assert entered(who).get(url(kind)).status_code == status
    assert entered("staff").post(url(kind)).status_code == 405


def test_the_links_are_there_only_for_them(entered: Callable[..., Client], db: None) -> None:
    address = reverse("admin:calendly_integration_booking_changelist")
    assert f"{url('csv')}?q=nora" in entered("staff").get(address, {"q": "nora"}).content.decode()
    assert url("csv") not in entered("viewer").get(address).content.decode()
