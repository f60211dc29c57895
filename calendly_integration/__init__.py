"""AI agents book real meetings through Calendly; the portal keeps the truth of them."""
