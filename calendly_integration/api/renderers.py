"""JSON out."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    """UTF-8 JSON. Unlike the framework's it survives the lone surrogates that Calendly may send."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The answer's bytes, with a question mark for a lone surrogate."""
        if data is None:
            return b""
        return json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
