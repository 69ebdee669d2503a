"""Files as this program writes them: made anew, never through a link, and put in place in one step.

Everything that a render leaves on a disk is made, moved and removed by these functions.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Any, BinaryIO

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_PLAIN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_PIECE = 1 << 20  # bytes that are read at once
_HERE = -100  # AT_FDCWD
_SWAP = 2  # RENAME_EXCHANGE of Linux, and RENAME_SWAP of macOS
# What systems and file systems say that cannot exchange two names.
_CANNOT = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}


def create(path: Path) -> BinaryIO:
    """A new file, open for writing and reading. Raises: ``FileExistsError``, also where a link lies there."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _PLAIN, 0o666), "w+b")


def write_whole(path: Path, data: bytes) -> None:
    """A new file that holds ``data``."""
    with create(path) as file:
        file.write(data)


def write_new(path: Path, data: bytes) -> None:
    """A new file that holds ``data``, whole or not at all. Raises: ``FileExistsError`` if there is anything."""
    draft = path.with_name(f".{path.name}.new")
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    try:
        remove(draft)  # of a killed run
        write_whole(draft, data)
        try:
            os.link(draft, path)
        except (AttributeError, PermissionError, NotImplementedError):  # a file system without links
            write_whole(path, data)
    finally:
        draft.unlink(missing_ok=True)


def append(path: Path, data: bytes) -> None:
    """Add ``data`` to a file by one write, so that what a kill leaves is its beginning.

    Raises: ``OSError`` where a link lies there, or a file with a second name, which would be changed with it.
    """
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NO_LINK | _PLAIN, 0o666)
    try:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1:
            raise OSError(errno.ELOOP, "not a file of this name alone", str(path))
        while data:
            data = data[os.write(file, data) :]
    finally:
        os.close(file)


def lock_file(path: Path) -> int:
    """A file to be locked, made if there is none; it is left as it is. Raises: ``OSError`` where a link lies there."""
    return os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK | _PLAIN, 0o666)


def read_plain(path: Path) -> BinaryIO:
    """A file, open for reading. Raises: ``OSError`` where a link, a pipe or a device lies there."""
    file = os.open(path, os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0) | _PLAIN)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.ELOOP, "not a plain file", str(path))
    return os.fdopen(file, "rb")


def sha256(path: Path) -> str:
    """The digest of a file's bytes. Raises: ``OSError``."""
    found = hashlib.sha256()
    with read_plain(path) as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def remove(path: Path) -> None:
    """A file, a folder or nothing; a link is not followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Have a file on the disk, so that a loss of power leaves no empty one where an older film was."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def exchange(one: Path, other: Path) -> bool:
    """Let two files or folders take each other's place in one step; False where system or file system cannot.

    Raises: ``OSError``, with both left as they are.
    """
    if os.name != "posix":
        return False
    libc: Any = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    sys.audit("os.rename", str(one), str(other), -1, -1)  # what Python tells of every other renaming
    if hasattr(libc, "renameat2"):
        failed = libc.renameat2(_HERE, names[0], _HERE, names[1], ctypes.c_uint(_SWAP))
    elif hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(*names, ctypes.c_uint(_SWAP))
    else:
        return False
    number = ctypes.get_errno()
    if failed and number not in _CANNOT:
        raise OSError(number, os.strerror(number), str(one), None, str(other))
    return not failed


def check_replaceable(place: Path, own: Path) -> None:
    """Find out whether what lies at ``place`` may be replaced, and leave it there; ``own`` is a folder of ours.

    A file cannot be renamed to a folder, nor a folder to a file; but whether it might be renamed at all is what
    systems look at first: the rights of its folder, a sticky folder's owners, files that are set immutable.

    Raises: ``OSError`` if it may not.
    """
    if os.name != "posix" or not os.path.lexists(place):
        return
    if place.is_dir() and not os.access(place, os.W_OK):  # it gets another parent
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
    target = own / "probe"
    if place.is_dir():
        write_whole(target, b"")
    else:
        target.mkdir()
    try:
        os.rename(place, target)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EACCES, errno.EROFS, errno.EBUSY):
            raise
    else:  # no system is known that would; the film comes back at once
        os.rename(target, place)
    finally:
        remove(target)
