"""Ordergroove's file drops: what the reports are called, what is in them, where they lie. No warehouse here."""
