"""A publisher of sales and places for demos and tests: real towns, invented sales, real quirks."""

from deploy.simulator.files import generate
from deploy.simulator.server import Publisher, serving

__all__ = ["Publisher", "generate", "serving"]
