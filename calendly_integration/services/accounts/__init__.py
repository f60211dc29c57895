"""The connected Calendly accounts: identity, health, setup."""
