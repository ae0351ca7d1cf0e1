"""The laws of the Shapley value: efficiency, null player, symmetry, additivity; and its value by hand for a peak that two share."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from effects.shapley import shares

NAMES = [f"m{n}" for n in range(12)]


def peak_game(loads: list[list[int]], base: list[int]):
    """A set of moves is worth what the highest load is lower by, each move taking its load away."""

    def value(done: frozenset[str]) -> Fraction:
        left = [one for name, one in zip(NAMES, loads, strict=False) if name not in done]
        without = [total + sum(one[at] for one in left) for at, total in enumerate(base)]
        return -Fraction(max(without))

    return value


SLOTS = 5
GAMES = st.tuples(
    st.lists(st.lists(st.integers(-40, 100), min_size=SLOTS, max_size=SLOTS), min_size=1, max_size=10),
    st.lists(st.integers(100, 300), min_size=SLOTS, max_size=SLOTS),
)


@given(GAMES, st.integers(0, 3), st.sampled_from([2, 8]))
def test_the_shares_sum_to_the_whole_exactly_sampled_or_not(game, seed, most_exact):
    loads, base = game
    names, value = NAMES[: len(loads)], peak_game(loads, base)
    found = shares(names, value, seed, most_exact, orders=4)
    assert sum(found.values()) == value(frozenset(names)) - value(frozenset())


@given(GAMES)
def test_a_move_that_changes_nothing_gets_nothing(game):
    loads, base = game
    loads = [[0] * SLOTS, *loads[:6]]
    assert shares(NAMES[: len(loads)], peak_game(loads, base), 0)["m0"] == 0


@given(GAMES)
def test_equal_moves_get_the_same(game):
    loads, base = game
    loads = [loads[0], loads[0], *loads[1:6]]
    found = shares(NAMES[: len(loads)], peak_game(loads, base), 0)
    assert found["m0"] == found["m1"]


@given(GAMES)
def test_moves_whose_worth_adds_up_get_their_own(game):
    loads, _ = game
    own = {name: Fraction(sum(one)) for name, one in zip(NAMES, loads, strict=False)}
    found = shares(list(own), lambda done: sum((own[name] for name in done), Fraction(0)), 0)
    assert found == own


def test_three_moves_of_which_the_third_alone_reaches_nothing():
    # 400 kW without any, 300 with one of the first two done, 250 with both; the third lowers another quarter hour, of 280, to 200.
    def value(done: frozenset[str]) -> Fraction:
        first = 400 - 100 * len(done & {"a", "b"}) + (50 if {"a", "b"} <= done else 0)
        return -Fraction(max(first, 200 if "c" in done else 280))

    found = shares(["a", "b", "c"], value, 0)
    # Orders: c last in two of six, where a and b make 100 + 20 and c 30; c first or second in four, where c makes 0 and the second of a, b 50.
    assert found == {"a": Fraction(70), "b": Fraction(70), "c": Fraction(10)}


def test_sampled_shares_come_near_the_exact_ones_and_are_the_same_again():
    loads = [[100 - 10 * n, 30, 0, 5 * n, 60] for n in range(6)]
    value = peak_game(loads, [300, 280, 260, 240, 290])
    exact, drawn = (shares(NAMES[:6], value, 3, most, 200) for most in (8, 2))
    assert drawn == shares(NAMES[:6], value, 3, 2, 200)
    assert max(abs(exact[name] - drawn[name]) for name in exact) < 6
