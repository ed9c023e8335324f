"""`python -m og_assets` is the command `og`."""

from og_assets.commands.cli import main

main()
