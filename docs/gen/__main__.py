"""Write every generated page."""

from __future__ import annotations

import sys

from docs.gen import DOCS, generators, page


def main() -> None:
    """Write the pages that changed and name them on stderr."""
    for generator in generators():
        path, text = page(generator)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stderr.write(f"wrote {path.relative_to(DOCS.parent)}\n")


if __name__ == "__main__":
    main()
