"""Exit codes of the command line. Those of a store are on its errors (``store/errors.py``)."""

from __future__ import annotations

OK = 0
REFUSED = 1  # a rule of the clinic said no; lines of an import were refused; a check found damage
USAGE = 2
NEEDS_PERSON = 3  # synced; conflicts, refused or differing records wait for somebody
NO_NETWORK = 10  # the sync did not reach the server, or the line broke; try again later
UNAUTHORIZED = 11  # no password, or the server does not let us in; no use in trying again
SERVER_TROUBLE = 12  # the server is unwell, answers nonsense, or is asked too often
NOT_TRUSTED = 13  # what answers is not (provably) the server
BUSY = 14  # another sync of this store runs
NO_SERVER = 15  # none is registered
CANCELLED = 16
TOO_LARGE = 17  # more would come than was allowed
STORE_TROUBLE = 18  # our own records could not be read or written during a sync
NO_INPUT = 66
UNEXPECTED = 70
NO_OUTPUT = 73
NOT_PROVEN = 77  # a PIN or a service's token is missing or wrong (EX_NOPERM)
INTERRUPTED = 130
