"""Certificates of an authority that only a test believes."""

import ssl

import trustme


def certified(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """What a server of that name shows its clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context
