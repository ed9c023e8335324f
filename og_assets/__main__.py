"""`python -m og_assets` is the command `og`."""

from og_assets.cli import main

main()
