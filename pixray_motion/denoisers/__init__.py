"""Denoisers: models that know what pictures look like, and so what a noisy one shows."""

from pixray_motion.denoisers import embedded as embedded
