"""The page of an agent: what the link in a mail opens, and what may be done there.

The token in the path is the capability: signed, for one client, revocable. No key and no cookie; all
that is asked or done lies under the token's own path, and every statement names the client.
"""
