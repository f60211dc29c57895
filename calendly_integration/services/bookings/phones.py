"""Phone numbers as Calendly takes them: in international form."""

from dataclasses import dataclass

from . import time_zones


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of where the invitee lives: their own number, zone and language tag."""

    phone: str = ""
    zone: time_zones.Zone | None = None
    locale: str = ""


def international(text: str, evidence: Evidence | None = None) -> str | None:
    """The number as E.164. With evidence one without country code is read as a number of each country that the
    invitee may live in, our own included: None where these are different numbers, and for what is no number."""
    text = text.strip()
    if not text:
        return None
    import phonenumbers  # here: its tables are large, and many processes never need them

    text = time_zones.with_plus(text)
    found = set()
    for region in (None, *(_regions(evidence) if evidence and not text.startswith("+") else ())):
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        # A guess has to be a number that exists in that country; what was written out only has to be long enough.
        if phonenumbers.is_valid_number(number) if region else phonenumbers.is_possible_number(number):
            found.add(str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)))
    return found.pop() if len(found) == 1 else None


def _regions(evidence: Evidence) -> set[str]:
    """The countries whose national numbers the invitee may write."""
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
