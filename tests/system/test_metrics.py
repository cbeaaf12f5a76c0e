"""The alerts and the dashboard speak of what a running service shows, of all of it and of nothing else."""

from collections import defaultdict

from prometheus_client.parser import text_string_to_metric_families

from tests.support.alerts import SCRAPED, questions
from tests.support.promql import spoken
from tests.system.region import Region
from tests.system.test_one_trace import a_seat_to_wait_for

PARTS = ("_bucket", "_sum", "_count")
OF_PROMETHEUS = {"up": {"job"}}


async def shown(region: Region) -> tuple[dict[str, set[str]], set[tuple[str, str, str]]]:
    """The labels of every series of the running services, and each label's values."""
    labels: defaultdict[str, set[str]] = defaultdict(set)
    values: set[tuple[str, str, str]] = set()
    for url in region.urls.values():
        text = (await region.http.get(f"{url}/metrics")).text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels[sample.name] |= {*sample.labels}
                values |= {(sample.name, name, value) for name, value in sample.labels.items()}
    return labels, values


async def test_alerts_and_dashboard_use_the_metrics_that_services_have(region: Region) -> None:
    await a_seat_to_wait_for(region)
    labels, values = await shown(region)
    for url in region.urls.values():
        assert "\ncopse_ready 1.0\n" in (await region.http.get(f"{url}/metrics")).text
    known = {**labels, **OF_PROMETHEUS}
    used: set[str] = set()
    for where, expr, _ in questions():
        asked = spoken(expr)
        for metric, named in asked.labels.items():
            assert metric in known, f"{where} asks for {metric}, which no service shows"
            assert named <= known[metric] | SCRAPED, f"{where}: {metric} has no {named}"
            used.add(metric)
        told = {name for metric in asked.labels for name in known[metric]} | SCRAPED
        assert asked.grouped <= told, f"{where}: {asked.grouped - told} are labels of none of these"
        for metric, label, value in asked.equal:
            if label not in SCRAPED:
                assert (metric, label, value) in values, (
                    f'{where}: no {metric}{{{label}="{value}"}}'
                )
    ours = {name for name in labels if name.startswith("copse_")}
    unseen = {name for name in ours if not any(one in used for one in (name, *of_one(name)))}
    assert not unseen, f"nobody looks at {unseen}"


def of_one(name: str) -> list[str]:
    """The other series of the same histogram."""
    stem = next((name.removesuffix(part) for part in PARTS if name.endswith(part)), None)
    return [stem + part for part in PARTS] if stem else []


async def test_no_metric_has_a_label_of_too_many_values(region: Region) -> None:
    """An id, a path or an address as a label would be a series for every one, and may be personal."""
    await a_seat_to_wait_for(region)
    labels, values = await shown(region)
    ours = {(name, label, value) for name, label, value in values if name.startswith("copse_")}
    assert not [value for _, label, value in ours if "@" in value or len(value) > 100]
    routes = {value for _, label, value in ours if label == "route"}
    assert len(routes) < 150
    assert all(not any(c.isdigit() for c in route) for route in routes)
