"""``python -m pixray_motion`` is ``pixray-motion``."""

from pixray_motion.cli import main

if __name__ == "__main__":
    main()
