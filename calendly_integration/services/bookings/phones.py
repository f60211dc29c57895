"""Phone numbers in international form, which Calendly requires."""

from dataclasses import dataclass

from .. import time_zones


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence of where the invitee lives: phone number, time zone, language tag."""

    phone: str = ""
    zone: time_zones.Zone | None = None
    locale: str = ""


def international(text: str, evidence: Evidence | None = None) -> str | None:
    """The number in E.164 format. With evidence, a number without country code is tried in each country where the
    invitee may live, and in our own. None if these give different numbers, or for a text that is no number."""
    text = text.strip()
    if not text:
        return None
    import phonenumbers  # here, because its tables are large and many processes do not need them

    text = time_zones.with_plus(text)
    found = set()
    for region in (None, *(_regions(evidence) if evidence and not text.startswith("+") else ())):
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        # A guessed country needs a valid number; with a country code any possible number will do.
        if phonenumbers.is_valid_number(number) if region else phonenumbers.is_possible_number(number):
            found.add(str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)))
    return found.pop() if len(found) == 1 else None


def _regions(evidence: Evidence) -> set[str]:
    """The countries whose national format the invitee may use."""
    import phonenumbers

    regions = set(time_zones.countries(time_zones.default_name()))
    own = international(evidence.phone)
    if own:
        regions.add(phonenumbers.region_code_for_number(phonenumbers.parse(own)) or "")
    if evidence.zone:
        regions.update(time_zones.countries(evidence.zone.name))
    _language, _dash, country = evidence.locale.replace("_", "-").rpartition("-")
    if _language and len(country) == 2:
        regions.add(country.upper())
    return regions & set(phonenumbers.SUPPORTED_REGIONS)
