"""The Géoplateforme's geocoding service, asked for many addresses at once.

- `table`: the lines that are sent, and what is read of those that come back
- `client`: the requests, their pace, and when nobody is asked for a while
"""

from services.assigner.geocoder.client import REQUESTS_A_SECOND, Geoplateforme

__all__ = ["REQUESTS_A_SECOND", "Geoplateforme"]
