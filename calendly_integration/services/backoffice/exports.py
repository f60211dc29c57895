"""Bookings as tables: CSV as a stream, Excel as a file. Formulas are made harmless.

A cell is a text or a time without zone; the heading of its column names the zone.
"""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO

# What a spreadsheet takes for a formula: at the beginning of a cell, and behind whatever may end one. Which sign
# that is depends on the reader's settings: in Romania Excel splits lines at semicolons.
FORMULA = re.compile(r"""^(?=[ "]*[\t\r\n])|(?:^|(?<=[;,|\t\r\n]))(?=[ "]*[=+\-@＝＋－＠])""")
LONGEST = 32_767  # characters in a cell of Excel
MOST_ROWS = 1_048_576  # rows in a sheet of Excel

Cell = str | datetime | None


class _Echo:
    """A file that returns what is written to it."""

    def write(self, value: str) -> str:
        return value


def harmless(text: str) -> str:
    """The text, with an apostrophe before everything that a spreadsheet would take for a formula."""
    return FORMULA.sub("'", text)


def csv_lines(*, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """CSV lines in UTF-8 with semicolons and the byte order mark: so Excel opens it in Romania."""
    writer = csv.writer(_Echo(), delimiter=";")
    yield b"\xef\xbb\xbf"
    yield _encoded(writer.writerow([harmless(cell) for cell in head]))
    for row in rows:
        yield _encoded(writer.writerow([_text(cell) for cell in row]))


def _text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return harmless(cell or "")


def xlsx(*, head: Sequence[str], rows: Iterable[Sequence[Cell]], name: str) -> IO[bytes]:
    """An open file with one sheet, written row by row, with real dates and a filter in each heading. Closing it
    deletes it."""
    import xlsxwriter  # here: it is large, and most processes never write a sheet

    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 - the response closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "in_memory": False})
    sheet = book.add_worksheet(name[:31])
    bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(head) - 1, 22)
    for column, heading in enumerate(head):
        sheet.write_string(0, column, heading, bold)
    number = 0
    for number, row in enumerate(rows, start=1):
        if number >= MOST_ROWS:
            break
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, column, cell, moment)
            else:
                sheet.write_string(number, column, (cell or "")[:LONGEST])
    sheet.autofilter(0, 0, min(number, MOST_ROWS - 1), len(head) - 1)
    book.close()
    file.seek(0)
    return file


def _encoded(line: object) -> bytes:
    return str(line).encode("utf-8", errors="backslashreplace")
