"""The program with all of its commands."""

from __future__ import annotations

import click

from pixray_motion.cli.options import plugin_option
from pixray_motion.cli.plan import plan
from pixray_motion.cli.preview import preview
from pixray_motion.cli.program import Program
from pixray_motion.cli.render import render
from pixray_motion.cli.still import still
from pixray_motion.cli.stories import check, list_entries, new
from pixray_motion.version import __version__


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="pixray-motion", message="%(prog)s %(version)s")
@click.option(
    "--debug",
    is_flag=True,
    is_eager=True,  # known before plug-ins are loaded
    help="Show a traceback on internal errors and on those of plug-ins.",
)
@plugin_option
def program(debug: bool) -> None:
    """Turn a text story into an animated film, offline.

    A story describes scenes and movements in YAML; every frame is painted from its prompts.

    \b
    Example:
      pixray-motion new my-story.yaml
      pixray-motion preview my-story.yaml
      pixray-motion render my-story.yaml
    """


for command in (render, still, preview, plan, check, list_entries, new):
    program.add_command(plugin_option(command))
