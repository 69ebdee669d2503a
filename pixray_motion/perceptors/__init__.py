"""Perceptors: models that tell how well a picture shows a text."""

from pixray_motion.perceptors import embedded as embedded
