"""Words, numbers and dates of the pages, in French and English."""

from services.gateway.pages.wording.language import LANGUAGES, Language, Locale
from services.gateway.pages.wording.subjects import spoken

__all__ = ["LANGUAGES", "Language", "Locale", "spoken"]
