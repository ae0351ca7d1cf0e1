"""Which reads fetch which points."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.modbus.plan import Block, plan
from connectors.modbus.profile import Profile, all_profiles, load_profile


def reads(profile: str, *names: str) -> list[tuple[int, int, int]]:
    return [(block.function, block.address, block.count) for block in plan(load_profile(profile), names)]


def with_limit(profile: Profile, limit: int) -> Profile:
    return profile.model_copy(update={"profile": profile.profile.model_copy(update={"max_registers": limit})})


def test_neighbours_come_in_one_read() -> None:
    assert reads("abb_b23", "active_energy_import", "active_energy_export") == [(3, 0x5000, 8)]


def test_a_read_runs_over_registers_nobody_needs_where_the_maker_lists_them() -> None:
    assert reads("janitza_umg96rm", "active_power_total", "active_energy_import") == [(3, 19026, 44)]


def test_a_read_never_runs_over_registers_that_nobody_listed() -> None:
    assert reads("schneider_iem3000", "voltage_l3_n", "active_power_l1") == [(3, 3031, 2), (3, 3053, 2)]


def test_a_device_with_a_small_limit_is_read_more_often() -> None:
    small = with_limit(load_profile("janitza_umg96rm"), 20)
    blocks = plan(small, ["voltage_l1_n", "active_power_total", "active_energy_import"])
    assert [(block.address, block.count) for block in blocks] == [(19000, 2), (19026, 2), (19068, 2)]


def test_both_tariffs_of_a_sum_come_in_one_read() -> None:
    assert reads("siemens_pac3200", "active_energy_import") == [(3, 801, 8)]


@st.composite
def requests(draw: st.DrawFn) -> tuple[Profile, list[str]]:
    profile = draw(st.sampled_from(list(all_profiles())))
    limit = draw(st.integers(4, profile.profile.max_registers))
    names = draw(st.lists(st.sampled_from(profile.names()), min_size=1, unique=True))
    return with_limit(profile, limit), names


def stays_where_it_may(profile: Profile, block: Block) -> bool:
    """Every address of the block belongs to one of its points or lies in a stretch that is listed as readable."""
    wanted = {address for point in block.points for address in range(point.address, point.end)}
    listed = [r for r in profile.readable if r.function == block.function]
    return all(a in wanted or any(r.first <= a <= r.last for r in listed) for a in range(block.address, block.end))


@given(requests())
def test_no_value_is_torn_no_limit_passed_no_gap_entered_and_nothing_left_out(question: tuple[Profile, list[str]]) -> None:
    profile, names = question
    blocks = plan(profile, names)
    for block in blocks:
        assert 0 < block.count <= profile.profile.max_registers
        assert all(block.address <= point.address and point.end <= block.end for point in block.points)
        assert stays_where_it_may(profile, block)
    fetched = [point.name for block in blocks for point in block.points]
    assert sorted(fetched) == sorted({part.name for name in names for part in profile.parts(name)})
