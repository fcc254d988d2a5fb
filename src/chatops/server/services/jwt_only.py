"""PyJWT without what it does not need here: it loads all of ``cryptography`` for algorithms with
public keys, and a tenth of an idle hub's memory with it. Tokens are signed by HMAC."""

from __future__ import annotations

import sys

_LEFT_OUT = "cryptography"
_there = sys.modules.get(_LEFT_OUT)
sys.modules[_LEFT_OUT] = None  # type: ignore[assignment]  # "is not installed", to an import
try:
    import jwt
finally:
    del sys.modules[_LEFT_OUT]
    if _there is not None:
        sys.modules[_LEFT_OUT] = _there

__all__ = ["jwt"]
