"""The parts that a world is put together from: a merchant's shop as data, and what happens in it. Knows no HTTP."""
