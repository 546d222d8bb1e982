"""What ``sserec`` and ``python -m sserec`` run: the command line, and a ^C while it is still imported."""

import sys

INTERRUPTED = 128 + 2


def main() -> None:
    """Ends with the exit code that docs/cli.md tells."""
    try:
        from sserec.cli import main as run
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
