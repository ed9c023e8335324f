"""The file drops that settings name."""

from datetime import timedelta

from og_assets.errors import SettingError
from og_assets.ordergroove.drops.archive import Archive
from og_assets.ordergroove.drops.sftp import Login, SftpAddress, SftpFolder
from og_assets.ordergroove.drops.source import DropSource, LocalFolder
from og_assets.ordergroove.masking import Masking
from og_assets.settings import Settings
from og_assets.sync.drops import Drops


def drop_source(settings: Settings) -> DropSource:
    """Where drops lie; raises SettingError when no setting says so."""
    if isinstance(settings.drops, SftpAddress) and settings.drops_host_key is not None:
        password, key = (
            secret.get_secret_value() if secret else ""
            for secret in (settings.drops_password, settings.drops_private_key)
        )
        return SftpFolder(settings.drops, settings.drops_host_key, Login(password, key))
    if settings.drops is None or isinstance(settings.drops, SftpAddress):
        raise SettingError("ORDERGROOVE_DROPS is not set, or it names a server and ORDERGROOVE_DROPS_HOST_KEY is not.")
    return LocalFolder(settings.drops)


def drops_of(settings: Settings, masking: Masking) -> Drops:
    """All that taking drops needs. Copies are kept where they hold nothing that is not wanted."""
    return Drops(
        drop_source(settings),
        Archive(settings.drops_archive, keeps=masking.keeps_personal),
        masking,
        kept=timedelta(days=settings.drops_kept_days),
    )
