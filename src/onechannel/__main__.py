"""The command line's entry: `onechannel` and `python -m onechannel`."""

import sys

from onechannel.errors import ExtraMissing

__all__ = ["main"]


def main() -> None:
    """Run the command line, or say which extra it needs."""
    try:
        from onechannel import cli
    except ExtraMissing as missing:
        sys.exit(f"onechannel: {missing}")
    cli.main()


if __name__ == "__main__":
    main()
