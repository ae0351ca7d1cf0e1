"""Files that people name: read only where they have an end, written whole or not at all.

A FIFO, a device or a folder in the place of an input would hang or fill the memory; a result that cannot be written must be known before
the work begins. Two processes that write one name at the same moment never share a scratch file.
"""

from __future__ import annotations

import errno
import gzip
import io
import os
import secrets
import shutil
import stat
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from domain.errors import Fault, InputFaults, LastgangError

MIB = 1 << 20
MOST_BYTES = 64 * MIB
"""Of an input that is read whole, unpacked: a year of quarter hours of one meter is 2 MiB, a year of minutes 20 MiB."""
GZIP_MAGIC = b"\x1f\x8b"

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_OWN_STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")
_STORAGE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})


class CannotWrite(LastgangError):
    """A result could not be written to its end, so nothing of it is there. Operator: make room or name another place, then repeat."""


def open_input(path: Path) -> BinaryIO:
    """The regular file `path`, open for reading bytes.

    Raises
    ------
    InputFaults
        If there is none, it may not be read, or it is something else, such as a FIFO that nobody would ever close.
    """
    try:
        # A FIFO without a writer would hold up a plain open for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise InputFaults([Fault(str(path), None, "file", _why(error), "a readable file")]) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise InputFaults([Fault(str(path), None, "file", _kind(mode), "a regular file")])
    return os.fdopen(descriptor, "rb")


def read_input(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """The bytes of the regular file `path`.

    Raises
    ------
    InputFaults
        As `open_input`, and if there are more than `most_bytes`.
    """
    with open_input(path) as file:
        try:
            content = file.read(most_bytes + 1)
        except OSError as error:
            raise InputFaults([Fault(str(path), None, "file", _why(error), "a readable file")]) from error
    if len(content) > most_bytes:
        raise InputFaults([_too_long(path, most_bytes, "")])
    return content


def read_unpacked(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """The bytes of `path`, unpacked if they are gzip's.

    Raises
    ------
    InputFaults
        As `read_input`; also where the gzip is broken or holds more than `most_bytes`, of which no more is unpacked.
    """
    packed = read_input(path, most_bytes)
    if not packed.startswith(GZIP_MAGIC):
        return packed
    try:
        with gzip.open(io.BytesIO(packed)) as unpacking:
            content = unpacking.read(most_bytes + 1)
    except (EOFError, OSError, zlib.error) as error:
        found = f"gzip that cannot be unpacked ({error})"
        raise InputFaults([Fault(str(path), None, "file", found, "a whole gzip file, or a plain one")]) from error
    if len(content) > most_bytes:
        raise InputFaults([_too_long(path, most_bytes, ", unpacked")])
    return content


def read_text_input(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """The UTF-8 text of `path`, without a byte-order mark.

    Raises
    ------
    InputFaults
        As `read_input`, and where it is no UTF-8.
    """
    try:
        return read_input(path, most_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFaults([Fault(str(path), None, "file", f"byte {error.start} is no UTF-8", "UTF-8 text")]) from error


def _too_long(path: Path, most_bytes: int, how: str) -> Fault:
    found = f"more than {most_bytes / MIB:g} MiB{how}"
    return Fault(str(path), None, "file", found, f"at most {most_bytes / MIB:g} MiB: split it by meter or by year")


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Where to write what shall become `path`: a scratch file of our own beside it, put in its place when the block ends well.

    Entered before the work begins, so that a place that cannot be written to is known at once. Nothing is left behind where the block
    raises. A device or a stream of this process (``/dev/null``, ``/dev/stdout``) is written to as it is.

    Raises
    ------
    InputFaults
        On entering, if `path` is a folder or FIFO, or nothing can be written there.
    CannotWrite
        Where the block ended with an error of the storage: no space left, for example.
    """
    scratch = _scratch_of(path)
    try:
        yield scratch or path
        if scratch is not None:
            scratch.replace(path.resolve())
    except OSError as error:
        if error.errno not in _STORAGE_ERRORS:
            raise
        msg = f"{path} was not written: {_why(error)}; make room or name another place, then repeat"
        raise CannotWrite(msg) from error
    finally:
        if scratch is not None:
            scratch.unlink(missing_ok=True)


def _scratch_of(path: Path) -> Path | None:
    """A new empty file beside `path`, with its permissions; None where `path` is to be written to directly."""
    try:
        found = path.stat() if path.exists() else None
        if found is not None and (stat.S_ISCHR(found.st_mode) or str(path).startswith(_OWN_STREAMS)):
            return None
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise InputFaults([Fault(str(path), None, "file", _kind(found.st_mode), "a file, or a name for a new one")])
        target = path.resolve()
        scratch = target.with_name(f".{target.name[:100]}.{os.getpid()}-{secrets.token_hex(4)}.new")
        os.close(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
        if found is not None:
            scratch.chmod(stat.S_IMODE(found.st_mode))
    except (OSError, ValueError) as error:
        expected = "a place in a folder that exists and may be written to"
        raise InputFaults([Fault(str(path), None, "file", _why(error), expected)]) from error
    return scratch


def write_whole(path: Path, content: str | bytes) -> None:
    """Make `path` hold `content`, so that no reader ever sees half of it and writers at the same moment do not disturb each other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with output_file(path) as scratch:
        scratch.write_bytes(content.encode() if isinstance(content, str) else content)


def write_changed(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write `files` (name -> content) into `folder`; the paths of those that were not there, or differed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, content in files.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            changed.append(path)
    return changed


def check_output_folder(folder: Path) -> None:
    """Whether `folder` can be made and written to; leaves nothing behind.

    Raises
    ------
    InputFaults
        If it, or what should hold it, is no folder or cannot be written to.
    """
    try:
        there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists() or place.is_symlink())
        if not there.is_dir():
            raise InputFaults([Fault(str(folder), None, "folder", f"{there} is a file", "a folder, or a name for a new one")])
        shutil.rmtree(tempfile.mkdtemp(prefix=".lastgang-", dir=there))
    except (OSError, ValueError) as error:
        raise InputFaults([Fault(str(folder), None, "folder", _why(error), "a folder that may be written to")]) from error


@contextmanager
def scratch_folder(out: Path, name: str) -> Iterator[Path]:
    """A folder of our own in `out` to prepare something in; it is gone when the block ends, unless it was renamed."""
    folder = out / f".{name}.{os.getpid()}-{secrets.token_hex(4)}.part"
    folder.mkdir()
    try:
        yield folder
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)


def _kind(mode: int) -> str:
    return next((name for test, name in _KINDS if test(mode)), "no regular file")


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or "unreadable"
