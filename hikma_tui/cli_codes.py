"""Exit codes of the command line. Those of a store are on its errors (``store_errors.py``)."""

from __future__ import annotations

OK = 0
REFUSED = 1  # a rule of the clinic said no; lines of an import were refused; a check found damage
USAGE = 2
NO_INPUT = 66
UNEXPECTED = 70
NO_OUTPUT = 73
INTERRUPTED = 130
