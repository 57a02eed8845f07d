"""The places of France that a client can choose, from a table of communes or the API Géo.

- `place`: what a place is: coverage, expansion, search text
- `table`: reads the table of communes (CSV)
- `geo_api`: reads the API Géo's answer (JSON)
- `load`: fetches either
- `outline`: fetches the outline of one of them from the API Géo
"""

from services.scraper.places.load import PlacesError, load_places
from services.scraper.places.outline import outline_source
from services.scraper.places.place import Place, former_codes

__all__ = ["Place", "PlacesError", "former_codes", "load_places", "outline_source"]
