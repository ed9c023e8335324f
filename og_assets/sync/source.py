"""Where records come from and how they are read: what every pull, sweep and look-up is handed. Knows no warehouse."""

import hmac
from dataclasses import dataclass

from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.clock import SourceClock
from og_assets.ordergroove.masking import Masking
from og_assets.ordergroove.objects import OrdergrooveObject
from og_assets.ordergroove.reader import RecordReader


@dataclass(frozen=True, slots=True)
class Source:
    """One merchant's Ordergroove: an open client, the zone of its stamps, what is masked before anything is written."""

    client: OrdergrooveClient
    clock: SourceClock
    masking: Masking

    def reader(self, object: OrdergrooveObject) -> RecordReader:
        """What turns the object's bodies into rows or refuses them."""
        return RecordReader(object, self.clock, self.masking)

    def fingerprint(self) -> str:
        """A keyed hash: another one for another address, API key, time zone or masking. It tells none of them."""
        masking = self.masking
        parts = (self.client.address, self.clock.zone_name, masking.personal_data.value, masking.salt)
        return hmac.digest(masking.digest_key, repr(parts).encode(), "sha256").hex()
