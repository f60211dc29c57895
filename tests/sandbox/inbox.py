"""A receiver of deliveries for tests that send by hand."""

from __future__ import annotations

import json


class Inbox:
    """A receiver that answers what it is told to."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.got = []

    def __call__(self, url, body, headers):
        self.got.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def events(self):
        return [json.loads(body)["event"] for _, body, _ in self.got]


def sent(calendly):
    inbox = Inbox()
    calendly.deliver(inbox)
    return [json.loads(body) for _, body, _ in inbox.got]
