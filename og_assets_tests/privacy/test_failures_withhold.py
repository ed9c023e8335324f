"""A failure that nobody foresaw: Dagster stores its message for good, and a database quotes the value it chokes on."""

import dagster as dg
import duckdb

from og_assets.assets.failures import told_clearly


def test_message_of_an_unforeseen_error_is_withheld_and_its_place_is_told() -> None:
    """Type and lines are enough to report it."""

    @dg.asset
    def failing(context: dg.AssetExecutionContext) -> None:
        with told_clearly(context):
            duckdb.execute("SELECT CAST('jane@example.com' AS INTEGER)")

    with dg.instance_for_test() as instance:
        result = dg.materialize([failing], instance=instance, raise_on_error=False)
        (step,) = instance.all_logs(result.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        assert not any("jane@example.com" in str(entry) for entry in instance.all_logs(result.run_id))
    told = step.get_dagster_event().step_failure_data.error.message
    assert "ConversionException" in told
    assert "test_failures_withhold.py" in told
