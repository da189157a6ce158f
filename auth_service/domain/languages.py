"""In which language a person is written to."""

LANGUAGES = ("en", "de")
DEFAULT = "en"
_MOST = 20  # items of a header that are looked at


def choose_language(accepted: str, languages: tuple[str, ...] = LANGUAGES) -> str:
    """Return the language that an Accept-Language header (RFC 9110, 12.5.4) prefers; English where it names none."""
    wishes = [_wish(item) for item in accepted.split(",")[:_MOST]]
    known = [(quality, language) for quality, language in wishes if quality > 0 and language in languages]
    return max(known, key=lambda wish: wish[0])[1] if known else DEFAULT


def _wish(item: str) -> tuple[float, str]:
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    quality = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return min(float(quality), 1.0), name.partition("-")[0]
    except ValueError:
        return 0.0, name
