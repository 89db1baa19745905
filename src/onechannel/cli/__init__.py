"""The command line: the composition root, where files, clock and terminal meet the pure parts."""

from onechannel.cli.app import app, main

__all__ = ["app", "main"]
