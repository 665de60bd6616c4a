"""``python -m hikma_tui`` and the command ``hikma-tui``."""

from __future__ import annotations

import sys

from hikma_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
