"""Opening the program without the parser, which takes longer to load than the search to be shown.

Only the plain forms of the options are known here, and only those that opening needs. Anything else
(a verb, help, an abbreviation, a value that is missing) is left to ``verbs.parser``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_VALUES = {"--data-dir": "data_dir", "--language": "language", "--user": "user"}
_UNCIPHERED = b"SQLite format 3\0"


def plain_options(words: Sequence[str]) -> SimpleNamespace | None:
    """The options, where ``words`` ask for nothing but the program to be opened; else None."""
    found = SimpleNamespace()
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--low-bandwidth":
            found.low_bandwidth = True
            continue
        if name not in _VALUES:
            return None
        if not equals:
            value = next(rest, "-")
            if value.startswith("-"):
                return None
        setattr(found, _VALUES[name], Path(value) if name == "--data-dir" else value)
    return found


def directory_of(options: argparse.Namespace | SimpleNamespace) -> Path:
    """Where the records lie that are to be opened, their key held where they are ciphered.

    ``verbs.store.directory_of`` for those that can be read by anybody. StoreError.
    """
    from hikma_tui.store.files import FILE_NAME, default_directory

    chosen: Path | None = getattr(options, "data_dir", None)
    directory = chosen if chosen is not None else default_directory()
    if isinstance(options, SimpleNamespace) and _unciphered(directory / FILE_NAME):
        from hikma_tui import logs

        logs.use(directory)
        return directory
    import argparse

    from hikma_tui import first_words
    from hikma_tui.verbs import store as cli_store

    first_words.clear()  # a passphrase may be asked for
    return cli_store.directory_of(argparse.Namespace(**vars(options)))


def _unciphered(path: Path) -> bool:
    try:
        if not path.is_file():  # a pipe of that name would be waited for
            return False
        with path.open("rb") as file:
            return file.read(len(_UNCIPHERED)) == _UNCIPHERED
    except OSError:
        return False


def keep_byte_code(cached: str | None = None) -> None:
    """Where this program can't keep its byte code beside itself, keep it in the user's cache.

    An installation that only an administrator can write, made without byte code (uv does so unless
    told otherwise), would be compiled anew at each start, which takes twice as long as all else.
    ``cached`` is where Python looks for byte code of ours, unless it is told. Whoever switched byte
    code off (``PYTHONDONTWRITEBYTECODE``), or has a place for it, is obeyed.
    """
    if cached is None:
        cached = __spec__.cached
    if sys.dont_write_bytecode or sys.pycache_prefix is not None or not cached:
        return
    folder = os.path.dirname(cached)  # noqa: PTH120  # no pathlib yet where nothing is to be done
    if os.path.exists(cached) or os.access(folder, os.W_OK):  # noqa: PTH110
        return
    if not os.path.exists(folder) and os.access(os.path.dirname(folder), os.W_OK):  # noqa: PTH110,PTH120
        return
    import platformdirs

    sys.pycache_prefix = str(Path(platformdirs.user_cache_dir("hikma-tui", False)) / "byte-code")
