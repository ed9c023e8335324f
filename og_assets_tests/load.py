"""How much the tests do: `make test` is over in minutes, `make soak` asks for all that the product must bear."""

import os

SOAK = os.environ.get("OG_TEST_LOAD") == "full"
