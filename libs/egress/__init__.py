"""The one door to the outside: whatever a service asks of the web goes through this client.

- `allowance`: the exceptions that `EGRESS_ALLOW` names
- `addresses`: which addresses are public
- `gate`: what a URL, a name and its addresses must be
- `network`: resolves a name once, checks every answer, connects to a checked address
- `client`: the HTTP client on that network, bounded in redirects, time and bytes
- `errors`: what was refused, and which setting would allow it
"""

from libs.egress.allowance import parse_allowances
from libs.egress.client import USER_AGENT, Limits, egress, read_answer, read_whole
from libs.egress.errors import EgressLimitError, EgressRefusedError

__all__ = [
    "USER_AGENT",
    "EgressLimitError",
    "EgressRefusedError",
    "Limits",
    "egress",
    "parse_allowances",
    "read_answer",
    "read_whole",
]
