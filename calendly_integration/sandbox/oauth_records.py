"""Records of OAuth: applications, codes, refresh tokens. Part of the state, see `store`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass
class OAuthApp:
    client_id: str
    secret: str | None = None
    """None: a native application, which uses PKCE."""


@dataclass
class AuthorizationCode:
    client_id: str
    redirect_uri: str
    user_id: str
    scopes: list[str] | None
    expires_at: datetime
    challenge: str | None = None


@dataclass
class RefreshToken:
    client_id: str
    user_id: str
    scopes: list[str] | None
    access_token: str
