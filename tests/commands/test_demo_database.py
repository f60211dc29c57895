"""Which database `manage.py demo` takes; what it refuses is tried with processes of its own (test_settings)."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management.base import CommandError

from calendly_integration.management import demo_database

pytestmark = pytest.mark.django_db


def test_an_empty_database_is_taken_migrated_or_not() -> None:
    demo_database.refuse_foreign("any")


def test_its_own_is_taken_again_with_all_that_it_holds(tmp_path: Path) -> None:
    word = demo_database.password(tmp_path)
    User.objects.create_superuser("admin", password=word)
    User.objects.create_user("colleague")
    assert demo_database.password(tmp_path) == word
    demo_database.refuse_foreign(word)


def test_an_administrator_with_another_password_is_not_its_own(tmp_path: Path) -> None:
    User.objects.create_superuser("admin", password="admin")
    with pytest.raises(CommandError, match="auth_user"):
        demo_database.refuse_foreign(demo_database.password(tmp_path))


def test_the_password_is_random_and_private(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    words = {demo_database.password(tmp_path / name) for name in "ab"}
    assert len(words) == 2
    assert min(map(len, words)) >= 12
    assert (tmp_path / "a" / "admin_password").stat().st_mode & 0o777 == 0o600
