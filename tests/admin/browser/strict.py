"""The project behind a server that lets the browser load nothing but its own files."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread

POLICY = "default-src 'self'"


class Strict:
    """Puts the policy on every answer, as a proxy before the portal may."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/favicon.ico":
            # Browsers ask for it unbidden, and complain where there is none.
            start_response("204 No Content", [])
            return []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            # drf-spectacular's page has images in its style sheet, which the project's own policy allows.
            own = environ["PATH_INFO"].startswith("/api/calendly/docs")
            more = [] if own else [("Content-Security-Policy", POLICY)]
            return start_response(status, [*headers, *more], *rest)

        return self.application(environ, start)


class Server(LiveServerThread):
    """Django's server for tests, with its care for the threads' database connections, under the policy."""

    def __init__(self, host: str) -> None:
        super().__init__(host, lambda application: Strict(StaticFilesHandler(application)))

    def _create_server(self, connections_override: Any = None) -> Any:
        """Stopped when it is told so, not half a second later: each test has a server of its own."""
        made = super()._create_server(connections_override)  # type: ignore[misc]
        made.serve_forever = partial(made.serve_forever, poll_interval=0.02)
        return made

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"
