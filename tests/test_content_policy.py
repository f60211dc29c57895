"""The reference project's pages tell the browser to run nothing but their own files."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

PAGES = [
    "/",
    "/admin/",
    "/admin/calendly_integration/",
    "/admin/calendly_integration/booking/",
    "/admin/auth/user/add/",
    "/api/calendly/docs",
    "/api/calendly/hosts",
    "/nothing/here",
]


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_policy_without_inline_scripts(page: str, settings: Any) -> None:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(User.objects.create_superuser("root"))
    answer = browser.get(page)
    policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'self'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    text = answer.text if answer["Content-Type"].startswith("text/html") else ""
    assert "<style" not in text
    assert " style=" not in text
    assert " onclick=" not in text
    assert not [
        each
        for each in text.split("<script")[1:]
        if " src=" not in each.partition(">")[0] and "application/json" not in each.partition(">")[0]
    ]
