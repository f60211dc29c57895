"""AI agents and their API keys."""
