"""A person of the staff before a browser, and the words that they read there."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PASSWORD = "parola-de-probă"
LANGUAGES = ("ro", "en")
# Typed out on purpose: `AdminClient.says` asks the catalogue that the pages ask, and would share its mistakes.
WORDS = {
    "ro": {
        "log in": "Autentificare",
        "cancel": "Anulează întâlnirea",
        "move": "Mută întâlnirea",
        "reason": "Motiv",
        "is canceled": "Întâlnirea a fost anulată la Calendly.",
        "is moved": "Întâlnirea a fost mutată",
        "is reassigned": "Întâlnirea este acum cu Radu Marin",
        "is booked": "Întâlnirea a fost programată",
        "canceled": "anulată",
        "confirmed": "confirmată",
        "story canceled": "maria a anulat întâlnirea",
        "story moved": "maria a mutat întâlnirea",
        "no booking fits": "Nicio programare nu se potrivește cu",
        "no such hour": "Ora aceea nu există în noaptea în care se schimbă ora. Nu s-a reprogramat nimic.",
        "three bookings": "3 programări",
    },
    "en": {
        "log in": "Log in",
        "cancel": "Cancel the meeting",
        "move": "Move the meeting",
        "reason": "Reason",
        "is canceled": "The meeting is canceled at Calendly.",
        "is moved": "The meeting is moved to",
        "is reassigned": "The meeting is reassigned to Radu Marin",
        "is booked": "The meeting is booked",
        "canceled": "canceled",
        "confirmed": "confirmed",
        "story canceled": "maria canceled the meeting",
        "story moved": "maria moved the meeting",
        "no booking fits": "No booking matches",
        "no such hour": "That time does not exist in the night when the clocks change. Nothing was moved.",
        "three bookings": "3 bookings",
    },
}


class AdminClient:
    """One window. What the browser complains of in it is kept in `complaints`."""

    def __init__(self, page: "Page", url: str, language: str) -> None:
        self.page, self.url, self.language = page, url, language
        self.words = WORDS[language]
        self.complaints: list[str] = []
        self.refusals_expected = False
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: Any) -> None:
        refused = self.refusals_expected and "403" in message.text
        if message.type in ("error", "warning") and not refused:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def says(self, words: str, *values: object, **named: object) -> str:
        """These English words of ours as a page in this window's language says them."""
        with translation.override("ro"):
            romanian = translation.gettext(words)
        # A slip in the words would never be found on a page, and so prove whatever is not to be there.
        assert romanian != words, f"The Romanian catalogue does not know “{words}”."
        found = romanian if self.language == "ro" else words
        return found % (values or named) if values or named else found

    def counts(self, count: int, one: str, many: str) -> str:
        """The same, of words with a plural."""
        with translation.override(self.language):
            found = translation.ngettext(one, many, count)
        return found % ({"counter": count} if "%(counter)s" in found else count)

    def enter(self, who: str) -> None:
        """Be logged in already."""
        visitor = Client()
        visitor.force_login(User.objects.get(username=who))
        name = settings.SESSION_COOKIE_NAME
        self.page.context.add_cookies([{"name": name, "value": visitor.cookies[name].value, "url": self.url}])

    def log_in(self, who: str) -> None:
        """By the form, as everybody."""
        self.page.locator("#id_username").fill(who)
        self.page.locator("#id_password").fill(PASSWORD)
        self.press_button(self.words["log in"])
        self.page.locator("#user-tools").wait_for()

    def open(self, name: str, *args: object, query: str = "", **options: Any) -> int:
        """Go to a page of the admin, such as `calendly_integration_booking_change`. Gives its status."""
        answer = self.page.goto(f"{self.url}{reverse(f'admin:{name}', args=args)}{query}", **options)
        assert answer is not None
        return answer.status

    def button(self, words: str) -> "Locator":
        """The button with these English words, in the window's language."""
        return self.page.get_by_role("button", name=self.says(words), exact=True)

    def link(self, words: str) -> "Locator":
        """The link with these."""
        return self.page.get_by_role("link", name=self.says(words), exact=True)

    def press(self, words: str) -> None:
        """Press that button, and wait for the page it leads to."""
        self.follow_to(self.button(words))

    def press_button(self, shown: str) -> None:
        """Press the button that shows just this, and wait for the page it leads to."""
        self.follow_to(self.page.get_by_role("button", name=shown, exact=True))

    def follow(self, words: str) -> None:
        """Follow that link."""
        self.follow_to(self.link(words).first)

    def follow_link(self, shown: str) -> None:
        """Follow the link that shows just this."""
        self.follow_to(self.page.get_by_role("link", name=shown, exact=True).first)

    def follow_to(self, way: "Locator") -> None:
        """Click it, and wait for the page it leads to."""
        with self.page.expect_navigation():
            way.click()

    def act(self, word: str) -> "Locator":
        """The button at the head of a booking's page with this word."""
        return self.page.locator(".acts").get_by_role("link", name=self.words[word], exact=True)

    @property
    def messages(self) -> str:
        """What the page tells of what was just done."""
        return self.page.locator(".messagelist").inner_text()

    @property
    def steps(self) -> list[str]:
        """The story of a booking, a step each."""
        return self.page.locator("#booking-story > .timeline li").all_inner_texts()

    @property
    def state(self) -> str:
        """The status at the head of a booking's page."""
        return self.page.locator(".head .state").inner_text()

    def too_wide_at(self, *widths: int) -> list[str]:
        """In windows of which width the page has to be scrolled sideways, and how wide it is."""
        found = []
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": 900})
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                found.append(f"{self.page.url}: {wide} in {width}")
        return found
