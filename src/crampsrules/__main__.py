"""`python -m crampsrules` is the command line."""

from crampsrules.cli import main

if __name__ == "__main__":
    main(prog_name="python -m crampsrules")
