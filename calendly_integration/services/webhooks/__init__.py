"""Calendly's webhooks: the inbox, signing keys and subscriptions."""
