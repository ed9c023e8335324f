"""What the tests of personal data share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forgetting_shop import Shop, lived

from og_assets.emulator.server import Emulator
from og_assets.emulator.world import World


@pytest.fixture(autouse=True)
def no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here speaks TLS, and reading all certificates takes each new client longer than a small pull."""
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture
def make_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Shop]]:
    """A shop of that kind that has been lived in, in this process's environment."""
    with Emulator(World(3, customers=6)) as emulator:
        made: list[Shop] = []

        def make(**kind: object) -> Shop:
            shop = lived(Shop(tmp_path, emulator, **kind))  # type: ignore[arg-type]
            made.append(shop)
            for name, value in {
                "DAGSTER_HOME": shop.folder / "home",
                "ORDERGROOVE_MERCHANTS": "",
                "ORDERGROOVE_WAREHOUSE": shop.warehouse.place.path,
                "ORDERGROOVE_WEBHOOK_INBOX": shop.inbox.place,
                "ORDERGROOVE_DROPS": shop.outgoing,
                "ORDERGROOVE_DROPS_ARCHIVE": shop.archive.folder,
            }.items():
                monkeypatch.setenv(name, str(value))
            return shop

        yield make
        for shop in made:
            shop.inbox.close()
            shop.warehouse.close()


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    """A shop whose ids are numbers, and which keeps personal data."""
    return make_shop()
