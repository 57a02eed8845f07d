"""A publisher of sales and places, and a geocoder, for demos and tests: real towns, invented sales."""

from deploy.simulator.files import generate
from deploy.simulator.server import Publisher, serving

__all__ = ["Publisher", "generate", "serving"]
