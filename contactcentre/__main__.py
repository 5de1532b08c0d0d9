"""Where the command begins."""

import sys

from contactcentre.cli import run


def main() -> None:
    """Run the command; not without asserts, which state what must hold."""
    if sys.flags.optimize:
        sys.stderr.write("contactcentre checks itself as it runs: start it without -O.\n")
        raise SystemExit(2)
    run()


if __name__ == "__main__":
    main()
