"""One merchant as a Dagster component: what `build_defs` makes of it, configured by a `defs.yaml`.

The attributes are the settings of merchants.toml. A secret is named by its variable, and never stands in the file or in
the definitions.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Self

import dagster as dg
from dagster.components.resolved.core_models import AssetAttributesModel
from dagster.components.utils.translation import TranslatorResolvingInfo
from pydantic import BaseModel, Field, create_model

from og_assets.definitions import Translation, merchant_defs
from og_assets.errors import SettingError
from og_assets.merchants import SECRETS, SETTINGS, Merchant, read_merchant, require_own_files

_VARIABLE = re.compile(r"""\{\{\s*env(?:\.(\w+)|\((["'])(\w+)\2\))\s*\}\}""")
"""What Dagster would put the value of a variable for: `{{ env.NAME }}`, `{{ env('NAME') }}`."""

_Value = bool | int | float | str | list[str] | None

_FIELDS: dict[str, Any] = {
    "name": (str, Field(description="Asset keys begin with it, and the names of groups, jobs and the rest.")),
    **{
        setting: (str | None if setting in SECRETS else _Value, Field(None, description=told.description))
        for setting, told in SETTINGS.items()
    },
    "translation": (
        AssetAttributesModel | str | None,
        Field(None, description="What to change of every asset: group_name, owners, tags, key_prefix and the like."),
    ),
}
_Attributes = create_model("OrdergrooveComponentModel", __base__=dg.Model, **_FIELDS)


class _Scaffolder(dg.Scaffolder):
    """Begins a defs.yaml with the two attributes that every merchant needs."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        folder = request.target_path.parent if request.append else request.target_path
        name = re.sub(r"\W", "_", folder.name).lower()
        dg.scaffold_component(request, {"name": name, "api_key": f"{{{{ env.{name.upper()}_API_KEY }}}}"})


@dg.scaffold_with(_Scaffolder)
@dataclass
class OrdergrooveComponent(dg.Component, dg.Resolvable):
    """Every object of one Ordergroove merchant as a daily-partitioned asset, with deletions, order totals and syncs."""

    merchant: Merchant
    key_prefix: Sequence[str] = ()
    """What stands before the merchant's name in asset keys."""
    translation: Translation | None = None
    """Changes the spec of each asset, all but its key."""

    @classmethod
    def model(cls) -> type[BaseModel]:
        """The attributes in YAML: a name, all settings, a translation."""
        return _Attributes

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: BaseModel) -> Self:
        """The component of these attributes; raises SettingError that names merchant and setting."""
        given: dict[str, Any] = dict(model)
        name = str(context.resolve_value(given.pop("name")))
        translation = given.pop("translation")
        told = {
            setting: _variable(value) if setting in SECRETS else context.at_path(setting).resolve_value(value)
            for setting, value in given.items()
        }
        merchant = read_merchant(
            name, {setting: value for setting, value in told.items() if value is not None}, os.environ
        )
        if translation is None:
            return cls(merchant)
        if isinstance(translation, str):
            return cls(merchant, translation=_translation(context, translation))
        attributes = translation.model_dump(exclude_unset=True)
        if "key" in attributes:
            raise SettingError(
                f"merchant {name}: translation takes no key, for it is for all assets; key_prefix will do."
            )
        prefix = context.at_path("translation").resolve_value(attributes.pop("key_prefix", None)) or ()
        rest = AssetAttributesModel.model_validate(attributes)
        return cls(merchant, [prefix] if isinstance(prefix, str) else prefix, _translation(context, rest))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """All that Dagster knows of the merchant; raises SettingError when another component has the same warehouse.

        The executor comes with the jobs, so that a project keeps its own.
        """
        tree = context.component_tree
        in_folder = isinstance(tree.defs_module, ModuleType)  # in a test of a component alone, Dagster has no folder
        others = tree.get_all_components(OrdergrooveComponent) if in_folder else []
        require_own_files([self.merchant, *(other.merchant for other in others if other is not self)])
        return merchant_defs(self.merchant, key_prefix=self.key_prefix, translation=self.translation)


def _variable(value: str | None) -> str | None:
    """A secret's variable as merchants.toml names it; anything else as it is, to be refused."""
    found = _VARIABLE.fullmatch(value.strip()) if value else None
    return f"${found[1] or found[3]}" if found else value


def _translation(context: dg.ResolutionContext, attributes: str | BaseModel) -> Translation:
    info = TranslatorResolvingInfo(attributes, context, model_key="translation")
    return lambda spec: info.get_asset_spec(spec, {"spec": spec})
