"""Write every generated page and picture."""

from __future__ import annotations

import sys

from docs.gen import DOCS, generators, page, pictures


def main() -> None:
    """Write what changed and name it on stderr."""
    for generator in generators():
        path, text = page(generator)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stderr.write(f"wrote {path.relative_to(DOCS.parent)}\n")
    for path in pictures.write():
        sys.stderr.write(f"wrote {path.relative_to(DOCS.parent)}\n")


if __name__ == "__main__":
    main()
