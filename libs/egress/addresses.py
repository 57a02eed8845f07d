"""Which addresses are public: nobody's own network, no machine's own services."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Written out: what the standard library holds for private differs between its versions.
_V4: Final = {
    IPv4Network(network): kind
    for network, kind in {
        "0.0.0.0/8": "unspecified",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by a provider's customers",
        "127.0.0.0/8": "loopback",
        "168.63.129.16/32": "a cloud's inner service",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "reserved",
        "192.0.2.0/24": "reserved",
        "192.88.99.0/24": "reserved",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "reserved",
        "198.51.100.0/24": "reserved",
        "203.0.113.0/24": "reserved",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
    }.items()
}
_V6: Final = {
    IPv6Network(network): kind
    for network, kind in {
        "::/128": "unspecified",
        "::1/128": "loopback",
        "::/96": "an IPv4 address in disguise",
        "2001::/32": "an IPv4 address in a Teredo tunnel",
        "2001::/23": "reserved",
        "2001:db8::/32": "reserved",
        "2002::/16": "an IPv4 address in a 6to4 tunnel",
        "3fff::/20": "reserved",
        "fc00::/7": "private",
        "fe80::/10": "link-local",
        "fec0::/10": "private",
        "ff00::/8": "multicast",
    }.items()
}
_GLOBAL_V6: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")


def read_address(text: str) -> Address | None:
    """The address that a text spells, if it spells one; an IPv4 one mapped into IPv6 is itself."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def why_not_public(address: Address) -> str:
    """What is wrong with an address, in a few words; nothing when it is public."""
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _V4.items() if address in network), "")
    if address.scope_id:
        return "bound to an interface"
    if address in _NAT64:  # how a network without IPv4 reaches IPv4 servers
        return why_not_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    other = "" if address in _GLOBAL_V6 else "reserved"
    return next((kind for network, kind in _V6.items() if address in network), other)
