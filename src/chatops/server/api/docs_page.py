"""/docs: the API's description as a page that needs no script and no other host."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1f24; background: #fff }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d0d7de; text-transform: capitalize }
code, .path { font-family: ui-monospace, monospace; font-size: .92em }
details { border: 1px solid #d0d7de; border-radius: 6px; margin: .4rem 0; padding: .4rem .8rem }
summary { cursor: pointer }
.method { display: inline-block; width: 4.5rem; font-weight: 700 }
.role { float: right; color: #57606a }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .15rem .8rem .15rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117 } h2, details { border-color: #30363d }
  .role { color: #8b949e } a { color: #58a6ff } }
"""


def render(document: Mapping[str, Any]) -> str:
    """The page for an OpenAPI document."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, entry in methods.items():
            by_tag.setdefault(entry["tags"][0], []).append(_operation(path, method, entry))
    sections = "".join(f"<h2>{_text(tag)}</h2>{''.join(rows)}" for tag, rows in by_tag.items())
    sockets = "".join(
        f"<tr><td><code>{_text(path)}</code></td><td>{_text(entry['description'])}</td></tr>"
        for path, entry in document["x-websocket"].items()
    )
    schemas = "".join(
        f'<details id="{_text(name)}"><summary><code>{_text(name)}</code></summary>'
        f"<p>{_text(schema.get('description', ''))}</p>{_fields(schema)}</details>"
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    title = f"{document['info']['title']} {document['info']['version']}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{_text(title)}</h1><p>{_text(document['info']['description'])} "
        'The machine-readable form is at <a href="/api/v1/openapi.json">openapi.json</a>.</p>'
        f"{sections}<h2>WebSockets</h2><table>{sockets}</table><h2>Models</h2>{schemas}"
        "</body></html>"
    )


def _operation(path: str, method: str, entry: Mapping[str, Any]) -> str:
    parameters = "".join(
        f"<tr><td><code>{_text(one['name'])}</code></td><td>{one['in']}</td>"
        f"<td>{_type(one['schema'])}</td></tr>"
        for one in entry["parameters"]
    )
    body = entry.get("requestBody", {}).get("content", {})
    bodies = "".join(f"<p>Body: {_type(media['schema'])}</p>" for media in body.values())
    answers = "".join(
        f"<tr><td>{status}</td><td>{_text(answer['description'])}</td>"
        f"<td>{_answer(answer)}</td></tr>"
        for status, answer in entry["responses"].items()
    )
    return (
        f'<details><summary><span class="method">{method.upper()}</span>'
        f'<span class="path">{_text(path)}</span> — {_text(entry["summary"])}'
        f'<span class="role">{_text(entry["x-role"])}</span></summary>'
        f"<table>{parameters}</table>{bodies}<table>{answers}</table></details>"
    )


def _answer(answer: Mapping[str, Any]) -> str:
    return ", ".join(_type(media["schema"]) for media in answer.get("content", {}).values())


def _fields(schema: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(name)}</code></td><td>{_type(field)}</td></tr>"
        for name, field in schema.get("properties", {}).items()
    )
    return f"<table>{rows}</table>"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = _text(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}"><code>{name}</code></a>'
    if "anyOf" in schema:
        return " or ".join(_type(arm) for arm in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{_text(str(word))}</code>" for word in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return _text(str(schema.get("type", "any")))


def _text(text: str) -> str:
    return html.escape(text, quote=True)
