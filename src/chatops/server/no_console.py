"""What stands at / on a hub that has no web console."""

from __future__ import annotations

from typing import Final

NO_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
NO_TEXT: Final = (
    "This is a ChatOps hub, and it works: chatops login, and /docs for its API. It has no web "
    "console; installed releases do, and in a checkout `make web` builds it.\n"
)
NO_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ChatOps hub</title>
<style>
body { font: 16px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem;
  color: #1b1f24; background: #fff }
code { font-family: ui-monospace, monospace; font-size: .92em }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117 } a { color: #58a6ff } }
</style></head><body>
<h1>ChatOps hub</h1>
<p>The hub works. It has no web console here.</p>
<ul>
<li>From a terminal: <code>chatops login</code> with this page's address, then
<code>chatops --help</code>. All that the console can do is there too.</li>
<li>From a program: the API is described at <a href="/docs">/docs</a>.</li>
<li>To get the console: an installed release has it. In a checkout run <code>make web</code>
(it needs the internet once), then start the hub again.</li>
</ul>
</body></html>
"""
