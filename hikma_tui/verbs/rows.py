"""The verbs ``export`` and ``import``: rows as lines of JSON, for scripts and other systems."""

from __future__ import annotations

import argparse
import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import IO

from hikma_tui import clock
from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.exchange.rows_in import Answer, Stopped, import_all_or_nothing, import_lines
from hikma_tui.exchange.rows_out import Export, chosen
from hikma_tui.exchange.source import Source
from hikma_tui.i18n import _, ngettext
from hikma_tui.store import Store
from hikma_tui.verbs.codes import NO_OUTPUT, OK, REFUSED
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.store import acting, opened

_BLOCK = 1 << 20


def export(options: argparse.Namespace) -> int:
    """Write the live rows to standard output."""
    tables = chosen(options.table)
    with opened(options) as store:
        out = Export(store, acting(store, options), tables)
        with closing(out.blocks()) as blocks:
            for block in blocks:
                try:
                    _write(block)
                except BrokenPipeError:
                    raise
                except OSError as error:
                    tell(_("the output can't be written: {reason}").format(reason=error.strerror))
                    return NO_OUTPUT
    return OK


def _write(block: bytes) -> None:
    """All of it, at once and unbuffered: what is written is with the reader."""
    left = memoryview(block)
    while left:
        left = left[os.write(sys.stdout.fileno(), left) :]


def import_file(options: argparse.Namespace) -> int:
    """Apply the lines of a file or of standard input; prints the id of each durable row."""
    descriptor = 0 if options.file == "-" else os.open(options.file, os.O_RDONLY)
    try:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), options.file)
        with opened(options) as store:
            actor = acting(store, options)
            if clock.doubtful(store.read(info.number, "newest_stamp").result()):
                tell(_("this computer's clock can't be right; new rows carry its time"))
            if options.all_or_nothing:
                with _whole(store, descriptor) as whole:
                    return _all_or_nothing(store, actor, Source(whole))
            return _each(store, actor, Source(descriptor))
    finally:
        if descriptor:
            os.close(descriptor)


@contextmanager
def _whole(store: Store, descriptor: int) -> Iterator[int]:
    """The whole of a pipe, read before the one transaction begins: waiting for its next line would
    keep everybody else from saving. The copy has no name, and is gone with this process.
    """
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        yield descriptor
        return
    with _nameless(store) as copy:
        while block := os.read(descriptor, _BLOCK):
            copy.write(block)
        copy.seek(0)
        yield copy.fileno()


def _nameless(store: Store) -> IO[bytes]:
    """A file without a name: on the disk, but for ciphered records, which it would lay open."""
    if store.key is not None and hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("import"), "w+b")
    return tempfile.TemporaryFile(dir=store.directory)


def _each(store: Store, actor: Actor, source: Source) -> int:
    refused = 0
    with closing(import_lines(store, actor, source)) as batches:
        for answers in batches:
            for answer in answers:
                if answer.refusal:
                    refused += 1
                    _tell_refusal(answer)
            try:
                _print_ids(answers)
            except BrokenPipeError:
                tell(_("nobody reads the ids any more: the rest was not imported"))
                raise
    if refused:
        tell(ngettext("{n} line was refused", "{n} lines were refused", refused).format(n=refused))
    return REFUSED if refused else OK


def _all_or_nothing(store: Store, actor: Actor, source: Source) -> int:
    try:
        answers = import_all_or_nothing(store, actor, source)
    except Stopped as stopped:
        _tell_refusal(stopped.answer)
        tell(_("nothing was imported"))
        return REFUSED
    _print_ids(answers)
    return OK


def _print_ids(answers: Sequence[Answer]) -> None:
    ids = [answer.row_id for answer in answers if not answer.refusal]
    _write("".join(f"{row_id}\n" for row_id in ids).encode())


def _tell_refusal(answer: Answer) -> None:
    say_there(_("line {n}: {reason}").format(n=answer.number, reason=answer.refusal))
