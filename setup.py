"""The project is described in setup.cfg. This file refuses an old Python first: pip asks too, but only after it has
compared requirements.lock with what that Python could install, and then complains of conflicting packages instead.
"""

import sys

from setuptools import setup

if sys.version_info < (3, 11):  # noqa: UP036 - as said above
    sys.exit(
        "pixray-motion needs Python 3.11 or newer and this is "
        + ".".join(map(str, sys.version_info[:2]))
        + ": remove .venv and make it with a newer one, for example: python3.11 -m venv .venv"
    )

setup()
