"""`python -m gpharness` is the `gpharness` command."""

from gpharness.command_line import main

main()
