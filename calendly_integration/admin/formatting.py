"""How values are shown on a page: bounded, escaped, times with their zone, raw data collapsed. External
text may contain markup, control characters, marks that change the text direction, or ten kilobytes in one
word. All external text on the admin's pages goes through this module."""

import json
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language, get_language_info, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models.visible import one_line, visible
from ..services import error_texts, texts, time_zones

SHORT, LONG, MAX_RAW_DATA = 80, 2000, 20_000
EMPTY = "–"
TONES = {
    "confirmed": "good",
    "active": "good",
    "applied": "good",
    "sent": "good",
    "done": "good",
    "ok": "good",
    "pending": "wait",
    "expected": "wait",
    "received": "wait",
    "waiting": "wait",
    "open": "wait",
    "running": "wait",
    "unknown": "wait",
    "failed": "bad",
    "parked": "bad",
    "unreadable": "bad",
    "failing": "bad",
}
# Names that the portal's programs use.
PROGRAM_NAMES = {
    "vai_agent": _("agent of the portal"),
    "vai_staff": _("staff of the portal"),
    "sales_agent": _("sales agent"),
    "support_agent": _("support agent"),
}


def plain(value: object, limit: int = SHORT) -> str:
    """Text for a title or a message, not escaped yet: visible characters, one line, at most `limit`
    characters."""
    return Truncator(one_line(value)).chars(limit)


def error_text(value: object, limit: int = SHORT) -> str:
    """An error text, in the language of the page where the text is known."""
    return plain(error_texts.said(str(value)), limit)


def text(value: object, limit: int = SHORT) -> SafeString:
    """Text for a cell: escaped, bounded, isolated in its text direction. A long text keeps its lines."""
    if value in (None, ""):
        return SafeString(EMPTY)
    if limit <= SHORT:
        return format_html("<bdi>{}</bdi>", plain(value, limit))
    bounded = re.sub(r"\n{3,}", "\n\n", Truncator(visible(value).strip()).chars(limit))
    return format_html("<bdi>{}</bdi>", lines(bounded.split("\n")))


def instant(at: datetime | None, *, seconds: bool = False) -> SafeString:
    """A time in the viewer's zone. The tooltip shows the zone's name."""
    if at is None:
        return SafeString(EMPTY)
    return format_html(
        '<time class="calendly" datetime="{}" title="{}">{}</time>',
        texts.utc(at),
        f"{timezone.get_current_timezone_name()} · {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        stamp(at, seconds=seconds),
    )


def hours(start: datetime, end: datetime | None) -> SafeString:
    """From when to when, in the viewer's zone: `10:00–10:30`, with the UTC offset where the clocks change within
    hours. The tooltip has the day and the zone's name."""
    zone = timezone.get_current_timezone()
    here = start.astimezone(zone)
    changes = (start - timedelta(hours=3)).astimezone(zone).utcoffset() != (
        start + timedelta(hours=3)
    ).astimezone(zone).utcoffset()
    return format_html(
        '<time class="calendly" datetime="{}" title="{} · {}">{}{}{}</time>',
        texts.utc(start),
        stamp(start),
        timezone.get_current_timezone_name(),
        f"{here:%H:%M}",
        f"–{end.astimezone(zone):%H:%M}" if end else "",
        f" {texts.offset(here)}" if changes else "",
    )


def stamp(at: datetime, *, seconds: bool = False) -> str:
    """A time in the viewer's zone: `24 nov. 2026, 10:00 UTC+2`."""
    return texts.timestamp(at, timezone.get_current_timezone(), language(), seconds=seconds)


def brief(at: datetime | None, *, clock_only: bool = False) -> SafeString:
    """A time as people say it: `today, 10:00`, `24 Nov, 10:00`. The tooltip has the whole."""
    if at is None:
        return SafeString(EMPTY)
    there, here = timezone.localtime(at), timezone.localtime()
    day = texts.short_date(there.date(), language()).removesuffix(f" {here.year}")
    if there.date() == here.date():
        day = gettext("today")
    return format_html(
        '<time class="calendly" datetime="{}" title="{}">{}</time>',
        texts.utc(at),
        stamp(at),
        f"{there:%H:%M}" if clock_only else f"{day}, {there:%H:%M}",
    )


def language() -> str:
    """The language of the page, one of ours."""
    return texts.language(get_language())


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name, or the default."""
    try:
        return time_zones.named(name)
    except time_zones.UnknownZone:
        return ZoneInfo(time_zones.default_name())


def local(at: datetime | None, zone: str) -> str:
    """A time in the invitee's zone, written out with the zone."""
    return texts.written(at, zone_of(zone), language()) if at else ""


def clock(at: datetime | None, zone: str) -> str:
    """A time in the invitee's zone, for a list; empty if the viewer's zone shows the same."""
    if at is None:
        return ""
    there, here = at.astimezone(zone_of(zone)), at.astimezone(timezone.get_current_timezone())
    if there.utcoffset() == here.utcoffset():
        return ""
    day = "" if there.date() == here.date() else f"{texts.short_date(there.date(), language())}, "
    return f"{day}{there:%H:%M} {zone_of(zone).key}"


def badge(value: str, label: str | Promise) -> SafeString:
    """A status as a badge with its label and a colour."""
    return format_html(
        '<span class="calendly"><span class="state state-{}">{}</span></span>', TONES.get(value, "off"), label
    )


def web_address(url: str) -> str:
    """The URL if it is http or https; otherwise empty, because it may contain a script."""
    return url if re.fullmatch(r"https?://\S+", url, re.IGNORECASE) else ""


def link(url: str, label: object = None) -> SafeString:
    """A link; plain text if it is not a web address."""
    if not web_address(url):
        return text(url, LONG)
    return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', url, plain(label or url))


def two_lines(first: object, second: object) -> SafeString:
    """A cell with a second line in a quieter style."""
    return format_html(
        '<span class="calendly cell">{}<br><span class="quiet">{}</span></span>', first, second
    )


def link_to(url: str, label: object) -> SafeString:
    """A link to a page of ours."""
    return format_html('<a href="{}"><bdi>{}</bdi></a>', url, plain(label))


def language_name(code: str) -> SafeString:
    """The name of a language, in the language of the page."""
    try:
        return text(get_language_info(code.replace("_", "-").lower())["name_translated"])
    except KeyError:
        return text(code)


def words(value: str) -> str:
    """A name that programs use, such as `sales_agent`, in words."""
    return str(PROGRAM_NAMES.get(value, value.replace("_", " ")))


def lines(values: Collection[object]) -> SafeString:
    """Several values, one per line."""
    return format_html_join(SafeString("<br>"), "{}", ((value,) for value in values)) or SafeString(EMPTY)


def raw_data(value: Any, *, hidden: Collection[str] = ()) -> SafeString:
    """Raw data in a collapsed block. The values of `hidden` keys are masked."""
    if value in (None, "", {}, []):
        return SafeString(EMPTY)
    full = (
        value if isinstance(value, str) else json.dumps(_without(value, hidden), ensure_ascii=False, indent=2)
    )
    cut = len(full) - MAX_RAW_DATA
    note = ngettext("%d more character", "%d more characters", cut) % cut if cut > 0 else ""
    return format_html(
        '<div class="calendly"><details class="raw-data"><summary>{}</summary>'
        '<pre tabindex="0">{}</pre>{}</details></div>',
        gettext("Show"),
        visible(full[:MAX_RAW_DATA]),
        format_html("<p>… {}</p>", note) if note else "",
    )


def body(raw: bytes, *, hidden: Collection[str] = ()) -> SafeString:
    """A request body in a collapsed block: as JSON if it is JSON, otherwise as text."""
    as_text = bytes(raw).decode("utf-8", errors="backslashreplace")
    try:
        return raw_data(json.loads(as_text), hidden=hidden)
    except (ValueError, RecursionError):
        return raw_data(as_text)


def _without(value: Any, hidden: Collection[str]) -> Any:
    """A copy of the data with the values of `hidden` keys masked."""
    if isinstance(value, Mapping):
        return {
            key: "•••" if key in hidden and item else _without(item, hidden) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_without(item, hidden) for item in value]
    return value


def relative(at: datetime, now: datetime) -> str:
    """How far a time is from now, as one says it: `in 3 days`, `tomorrow`, `20 minutes ago`. Days are the
    viewer's."""
    minutes = round((at - now).total_seconds() / 60)
    days = (timezone.localtime(at).date() - timezone.localtime(now).date()).days
    if minutes == 0:
        return gettext("now")
    if abs(minutes) < 60:
        count = abs(minutes)
        ahead = ngettext("in %d minute", "in %d minutes", count)
        ago = ngettext("%d minute ago", "%d minutes ago", count)
        return (ahead if minutes > 0 else ago) % count
    if days == 0:
        count = round(abs(minutes) / 60)
        ahead = ngettext("in %d hour", "in %d hours", count)
        ago = ngettext("%d hour ago", "%d hours ago", count)
        return (ahead if minutes > 0 else ago) % count
    if abs(days) == 1:
        return gettext("tomorrow") if days > 0 else gettext("yesterday")
    count = abs(days)
    ahead, ago = ngettext("in %d day", "in %d days", count), ngettext("%d day ago", "%d days ago", count)
    return (ahead if days > 0 else ago) % count


def span(start: datetime, end: datetime | None, zone: tzinfo) -> str:
    """From when to when, written out: `luni, 7 decembrie 2026, 13:30–14:00`."""
    begins = start.astimezone(zone)
    day = texts.day(begins.date(), language())
    clock = f"{begins:%H:%M}–{end.astimezone(zone):%H:%M}" if end else f"{begins:%H:%M}"
    comma = "," if language() == "en" else ""
    return f"{day}{comma} {begins.year}, {clock}"
