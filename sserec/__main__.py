"""``python -m sserec`` is ``sserec``."""

from sserec.cli import main

if __name__ == "__main__":
    main()
