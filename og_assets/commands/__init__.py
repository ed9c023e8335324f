"""The command `og`: one module a command; `cli` declares them."""
