"""The command line. Nothing else in the package prints, and importing this brings no torch."""

from __future__ import annotations

import sys


def main() -> None:
    """What ``pixray-motion`` runs. Its imports take a moment in which a Ctrl-C may come, so they stand in here."""
    try:
        from pixray_motion.cli.terminal import open_streams

        open_streams()
        from pixray_motion.cli.commands import program

        program()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write("interrupted\n")
        sys.exit(130)
