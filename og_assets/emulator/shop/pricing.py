"""What a line and an order cost, in whole cents. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

SHIPPING_FEE = 599
FREE_SHIPPING_FROM = 4000
TAX_PER_100000 = {"NY": 8875, "IL": 6250, "TX": 6250}
"""Sales tax by state in thousandths of a per cent; other states are sold to without tax."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The five amounts of an order: `sub_total` is after discounts, `total` is sub_total + tax + shipping."""

    sub_total: int
    tax_total: int
    shipping_total: int
    discount_total: int
    total: int


def line_total(quantity: int, price: int, percent_off: int) -> int:
    """The price of a line after its discount, rounded half up to the cent."""
    gross = quantity * price
    return gross - (gross * percent_off + 50) // 100


def order_totals(lines: Iterable[tuple[int, int, int]], state: str | None, shipping_off: int = 0) -> Totals:
    """The totals of `lines` (quantity, price, total_price) shipped to `state`, less a flat discount on shipping."""
    gross = sub_total = count = 0
    for quantity, price, total in lines:
        gross += quantity * price
        sub_total += total
        count += 1
    tax = (sub_total * TAX_PER_100000.get(state or "", 0) + 50_000) // 100_000
    shipping = SHIPPING_FEE if count and sub_total < FREE_SHIPPING_FROM else 0
    shipping = max(0, shipping - shipping_off)
    return Totals(sub_total, tax, shipping, gross - sub_total, sub_total + tax + shipping)


def money(cents: int | None) -> str | None:
    """Whole cents as the decimal string of the API."""
    return None if cents is None else f"{cents // 100}.{cents % 100:02d}"
