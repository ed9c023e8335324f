"""Asks Ordergroove for a few orders or items, one by one: are they deleted where the warehouse says so, and only there?

Joins client and warehouse, as the sweep does, and changes nothing. Knows no Dagster.
"""

from dataclasses import dataclass

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.errors import OrdergrooveError
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.warehouse.sql import read_sql
from og_assets.warehouse.warehouse import Warehouse

SAMPLE_SIZE = 5
"""Of each kind: a sync then asks at most twenty times for this."""


@dataclass(frozen=True, slots=True)
class SpotCheck:
    """How many were asked for and which gave the wrong answer; `problem` when Ordergroove did not answer."""

    held_deleted: int = 0
    exist_after_all: tuple[str, ...] = ()
    believed_open: int = 0
    gone_unnoticed: tuple[str, ...] = ()
    problem: str | None = None


def spot_check(object: OrdergrooveObject, client: OrdergrooveClient, warehouse: Warehouse) -> SpotCheck:
    """Retrieve some rows that are held for deleted (each must answer 404) and some believed open (each must be there).

    Best right after a sweep, which has just confirmed both. Raises WarehouseError.
    """
    with warehouse.get_connection(read_only=True) as connection:
        chosen = connection.execute(read_sql(f"sample_{object.name}.sql"), {"size": SAMPLE_SIZE}).fetchall()
    try:
        answers = [(id, is_gone, client.retrieve(object, id) is None) for id, is_gone in chosen]
    except OrdergrooveError as error:
        return SpotCheck(problem=str(error))
    return SpotCheck(
        held_deleted=sum(is_gone for _, is_gone, _ in answers),
        exist_after_all=tuple(id for id, is_gone, is_404 in answers if is_gone and not is_404),
        believed_open=sum(not is_gone for _, is_gone, _ in answers),
        gone_unnoticed=tuple(id for id, is_gone, is_404 in answers if not is_gone and is_404),
    )
