"""The sales site of a run: the simulated publisher, with faults that begin and end while it runs.

- `control`: the site and the switches
- `server`: which request meets which fault
- `faults`: what is answered then
"""

from tests.faults.site.control import Site

__all__ = ["Site"]
