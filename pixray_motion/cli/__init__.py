"""The command line. Nothing else in the package prints, and importing this brings no torch."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """What ``pixray-motion`` runs. Its imports take a moment in which a Ctrl-C may come, so they stand in here."""
    try:
        _open_streams()
        from pixray_motion.cli.commands import program

        program()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write("interrupted\n")
        sys.exit(130)


def _open_streams() -> None:
    """Streams that were closed, as by ``>&-``, lead nowhere; else the next file opened would get their number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open to the end
