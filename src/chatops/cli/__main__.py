"""``python -m chatops.cli``: the same as ``chatops``."""

import sys

from chatops.cli import main

sys.exit(main())
