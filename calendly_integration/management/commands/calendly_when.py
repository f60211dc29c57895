"""`manage.py calendly_when [--now INSTANT] [--timezone ZONE] [--locale ro|en] TEXT`: what words for a time mean."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from calendly_integration import conf
from calendly_integration.spoken_time import read

BAD_OPTION = 2
LOCALES = ("ro", "en")


class BadInput(Exception):
    """An instant, zone, locale or text that cannot be used."""


class Command(BaseCommand):
    """Print one JSON line for a text, or with --batch one for each JSON line of the standard input."""

    help = "Says which times the words of a person mean, as one JSON line."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text", nargs="?", metavar="TEXT", help='such as "joi după-amiază"')
        parser.add_argument(
            "--now",
            metavar="INSTANT",
            help="ISO 8601; without an offset it is local time; the present by default",
        )
        parser.add_argument("--timezone", metavar="ZONE", help="such as Europe/Bucharest")
        parser.add_argument("--locale", metavar="ro|en")
        parser.add_argument(
            "--batch",
            action="store_true",
            help="read lines such as {now, timezone, locale, text} from the standard input",
        )

    def handle(self, *_args: object, **options: Any) -> None:
        given = {key: options[key] for key in ("now", "timezone", "locale") if options[key] is not None}
        if (options["text"] is None) == (not options["batch"]):
            raise CommandError("Give either TEXT or --batch.", returncode=BAD_OPTION)
        try:
            _question({**given, "text": options["text"] or ""})
        except BadInput as error:
            raise CommandError(str(error), returncode=BAD_OPTION) from error
        lines = (
            _batch(sys.stdin, given) if options["batch"] else [_answer({**given, "text": options["text"]})]
        )
        for line in lines:
            self.stdout.write(json.dumps(line, ensure_ascii=False))
            self.stdout.flush()


def _batch(lines: Iterable[str], given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An answer for each line; a line that cannot be used is answered with what is wrong."""
    for line in lines:
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            if not isinstance(fields, dict):
                raise BadInput("Not a JSON object.")
            yield _answer({**given, **{key: value for key, value in fields.items() if value is not None}})
        except (json.JSONDecodeError, BadInput) as error:
            yield {
                "success": False,
                "code": "invalid_request",
                "question": None,
                "alternatives": [],
                "message": str(error),
            }


def _answer(fields: dict[str, Any]) -> dict[str, Any]:
    return dict(read(*_question(fields)).as_dict())


def _question(fields: dict[str, Any]) -> tuple[str, datetime, ZoneInfo, str]:
    text = fields.get("text")
    if not isinstance(text, str):
        raise BadInput("text: a text is needed.")
    name = fields.get("timezone", conf.get().DEFAULT_TIME_ZONE)
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise BadInput(f"timezone: no such time zone: {name}") from error
    locale = fields.get("locale", settings.LANGUAGE_CODE)
    if not isinstance(locale, str) or locale.replace("_", "-").split("-")[0].lower() not in LOCALES:
        raise BadInput(f"locale: ro or en, not {locale}")
    return text, _instant(fields.get("now"), zone), zone, locale


def _instant(given: object, zone: ZoneInfo) -> datetime:
    """An instant; without an offset it is local time in the zone."""
    if given is None:
        return timezone.now()
    try:
        now = datetime.fromisoformat(str(given))
    except ValueError as error:
        raise BadInput(f"now: not an instant: {given}") from error
    return now if now.tzinfo is not None else now.replace(tzinfo=zone)
