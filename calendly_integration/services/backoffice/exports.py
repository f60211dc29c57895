"""Bookings as tables: CSV as a stream, Excel as a file. Formulas are made harmless."""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import IO

# What a spreadsheet takes for a formula: at the beginning of a cell, and behind whatever may end one. Which sign
# that is depends on the reader's settings: in Romania Excel splits lines at semicolons.
FORMULA = re.compile(r"""^(?=[ "]*[\t\r\n])|(?:^|(?<=[;,|\t\r\n]))(?=[ "]*[=+\-@＝＋－＠])""")
LONGEST = 32_767  # characters in a cell of Excel
MOST_ROWS = 1_048_576  # rows in a sheet of Excel


class _Echo:
    """A file that returns what is written to it."""

    def write(self, value: str) -> str:
        return value


def harmless(text: str) -> str:
    """The text, with an apostrophe before everything that a spreadsheet would take for a formula."""
    return FORMULA.sub("'", text)


def csv_lines(*, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """CSV lines in UTF-8, with the byte order mark that Excel needs."""
    writer = csv.writer(_Echo())
    yield b"\xef\xbb\xbf"
    for row in chain((head,), rows):
        yield _encoded(writer.writerow([harmless(cell) for cell in row]))


def xlsx(*, head: Sequence[str], rows: Iterable[Sequence[str]], name: str) -> IO[bytes]:
    """An open file with one sheet of text cells, written row by row. Closing it deletes it."""
    import xlsxwriter  # here: it is large, and most processes never write a sheet

    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 - the response closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "in_memory": False})
    sheet = book.add_worksheet(name[:31])
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(head) - 1, 22)
    for column, cell in enumerate(head):
        sheet.write_string(0, column, cell, bold)
    for number, row in enumerate(rows, start=1):
        if number >= MOST_ROWS:
            break
        for column, cell in enumerate(row):
            sheet.write_string(number, column, cell[:LONGEST])
    book.close()
    file.seek(0)
    return file


def _encoded(line: object) -> bytes:
    return str(line).encode("utf-8", errors="backslashreplace")
