"""The events as a page to read: no script, nothing to send with."""

import html
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import msgspec
from litestar import MediaType, Response, get

from services.gateway.routes import asyncapi
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.page import html_page

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/docs/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/assets/page.css">
</head>
<body>
<main>
<h1>{title}</h1>
{description}
<p>For machines: <a href="/asyncapi.json">the AsyncAPI document</a>.</p>
{events}
<h2 id="headers">Headers of every message</h2>
{headers}
</main>
</body>
</html>
"""


@get(["/asyncapi", "/asyncapi.json"], include_in_schema=False, sync_to_thread=False)
def events(request: StrictRequest) -> Response[bytes]:
    """The events: a page for who asks for one, the document for everybody else."""
    wants_page = "text/html" in request.headers.get("Accept", "")
    if wants_page and not request.scope["path"].endswith(".json"):
        return html_page(_page(), {"Vary": "Accept"})
    headers = {"Cache-Control": "no-cache", "Vary": "Accept"}
    return Response(_document(), media_type=MediaType.JSON, headers=headers)


@cache
def _document() -> bytes:
    return msgspec.json.format(msgspec.json.encode(asyncapi.describe()))


@cache
def _page() -> bytes:
    document = asyncapi.describe()
    channels, components = document["channels"], document["components"]
    paragraphs = document["info"]["description"].strip().split("\n\n")
    return PAGE.format(
        title=html.escape(document["info"]["title"]),
        description="\n".join(f"<p>{_marked(text)}</p>" for text in paragraphs),
        events="\n".join(_event(channels[topic], components, topic) for topic in channels),
        headers=_table(components["schemas"]["Headers"]),
    ).encode()


def _event(channel: Mapping[str, Any], components: Mapping[str, Any], topic: str) -> str:
    message = components["messages"][topic]
    schema = components["schemas"][message["title"]]
    said = " ".join(filter(None, (message["summary"], message["description"])))
    return (
        f'<h2 id="{topic}">{topic}</h2>\n<p>{_marked(said)}</p>\n'
        f"<p>{html.escape(channel['description'])} Type: <code>{message['name']}</code></p>\n"
        + _table(schema)
    )


def _table(schema: Mapping[str, Any]) -> str:
    meant = any("description" in field for field in schema["properties"].values())
    head = "<th>Name</th><th>Type</th>" + ("<th>Meaning</th>" if meant else "")
    rows = "\n".join(_rows(schema, meant=meant))
    return f"<table>\n<tr>{head}</tr>\n{rows}\n</table>"


def _rows(schema: Mapping[str, Any], *, meant: bool) -> Iterator[str]:
    for name, field in schema["properties"].items():
        optional = "" if name in schema.get("required", ()) else " (optional)"
        meaning = f"<td>{_marked(field.get('description', ''))}</td>" if meant else ""
        kind = html.escape(_type(field)) + optional
        yield f"<tr><td><code>{name}</code></td><td>{kind}</td>{meaning}</tr>"


def _type(field: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(each) for each in field["anyOf"])
    if "enum" in field or "const" in field:
        return " | ".join(
            f'"{value}"' for value in field.get("enum", [field.get("const")]) if value
        )
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    return field.get("format") or field.get("type", "any")


def _marked(text: str) -> str:
    """Text between back quotes as code."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))
