"""A TCP proxy in this process that does to connections what networks and dying servers do.

- `control`: the listening end and the switches
- `link`: one connection and what is on its way in it
- `cuts`: when exactly a connection is cut
"""

from tests.faults.proxy.control import Proxy

__all__ = ["Proxy"]
