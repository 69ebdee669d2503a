"""Pictures that tests draw for themselves."""

from pixray_motion.testing.pictures import photograph

__all__ = ["photograph"]
