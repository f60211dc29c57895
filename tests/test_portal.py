"""The small portal around the app."""

from django.test import Client


def test_its_page_leads_to_the_admin_and_to_the_api(db: None) -> None:
    answer = Client().get("/", headers={"Host": "localhost"})
    assert answer.status_code == 200
    assert "/admin/calendly_integration/" in answer.text
    assert "/api/calendly/docs" in answer.text
