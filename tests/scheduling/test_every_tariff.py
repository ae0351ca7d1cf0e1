"""Every kind of charge lives in the advice: priced as the price sheet says, or named and not priced; never an exception, never 0 for unknown.

The case is always the same: 400 kW measured and expected, two furnaces of 120 kW that both begin at 08:00 and are set apart, so that the
peak falls from 640 to 520 kW on Friday 23 October 2026; nothing higher was billed before.
"""

from dataclasses import replace

import pytest
from small_works import NOW, TARIFF, Advised, forecast, interval, texts_of, two_furnaces, works

from domain.codec import decode, encode
from domain.intervals import QUARTER
from domain.recommendations import DecisionKind, Recommendation
from scheduling.state import decode_state, encode_state
from scheduling.step import AdviceStep
from tests.spoken import english, german

HEAD = TARIFF[: TARIFF.index("[[demand]]")]
SUPPLY = '[[energy]]\nid = "supply"\nprice = "14.00 ct/kWh"\n'
EVENING = '[[calendar]]\nid = "evening"\n[[calendar.band]]\ndays = ["workday"]\nfrom = "17:00"\nto = "19:00"\n'
MORNING = EVENING.replace("evening", "morning").replace("17:00", "07:00").replace("19:00", "09:00")
WINTER = '[[season]]\nid = "winter"\nmonths = [10, 11, 12, 1, 2, 3]\n[[season]]\nid = "summer"\nmonths = [4, 5, 6, 7, 8, 9]\n'
ATYPICAL = 'atypical = {{ floor_percent = 20, min_distance_percent = 20, min_distance = "{kw} kW", min_saving = "500 EUR" }}'


def power(reset="year", price="100.00 EUR/kW/year", quantity="kW", interval_min=15, more=""):
    """A demand charge; `price` empty where `more` has it."""
    priced = f'price = "{price}"\n' if price else ""
    return (
        f'[[demand]]\nid = "network"\nquantity = "{quantity}"\ninterval_min = {interval_min}\nreset = "{reset}"\n{priced}{more}\n'
    )


def blind(direction="inductive", settle="month"):
    return (
        f'[[reactive]]\nid = "blind"\ndirection = "{direction}"\nsettle = "{settle}"\nprice = "1.00 ct/kvarh"\n'
        'free = { kind = "share", value = 0.5 }\n'
    )


PRICED = {
    "by the year": (power(), 12_000),
    "by the month": (power("month", "10.00 EUR/kW/month"), 1_200),
    "a twelfth a month": (power("month", "60.00 EUR/kW/year"), 600),
    "by the day": (power("month", "0.50 EUR/kW/day"), 31 * 60),
    "with instalments": (power(more='instalments = "monthly"'), 12_000),
    # 90 % of October's peak are billed in November and December, as far as the sheet holds.
    "a ratchet": (power("month", "10.00 EUR/kW/month", more="ratchet = { percent = 90, months = 11 }"), 1_200 + 2 * 0.9 * 1_200),
    "contracted below the peak": (power(more='contracted = "500 kW"\nexcess_price = "80.00 EUR/kW/year"'), 9_600),
    "contracted above the peak": (power(more='contracted = "700 kW"\nexcess_price = "80.00 EUR/kW/year"'), 0),
    "a minimum": (power(more='minimum = "600 kW"'), 4_000),
    "a peak that the sheet says was billed in March": (power(more='history = { "2026-03" = "560 kW" }'), 8_000),
    # 640, 640 and 400 kW against 520 kW in four quarter hours.
    "the mean of the three highest": (power(more='statistic = "mean_of_highest"\nhighest = 3\nper = "interval"'), 4_000),
    "the mean of two days' highest": (power(more='statistic = "mean_of_highest"\nhighest = 2\nper = "day"'), 6_000),
    "by the half hour": (power(interval_min=30), 12_000),
    # 640, 640, 400 and 400 kW are 520 in the mean of an hour; one furnace at 07:30 and one at 08:00 are 460 in two hours.
    "by the hour": (power(interval_min=60), 6_000),
    "sliding half hours": (power(interval_min=30, more='method = "sliding"\nstep_min = 15'), 12_000),
    "only in the evening": (EVENING + power(more='inside = "evening"'), 0),
    "only in the morning": (MORNING + power(more='inside = "morning"'), 12_000),
    "outside the evening": (EVENING + power(more='outside = "evening"'), 12_000),
    "by the season": (WINTER + power("season", "50.00 EUR/kW/season"), 6_000),
    "two charges": (power("month", "10.00 EUR/kW/month") + power().replace("network", "capacity"), 13_200),
    "no charge for power": ("", 0),
    "atypical and so it stays": (EVENING + power(more='inside = "evening"\n' + ATYPICAL.format(kw=100)), 0),
    # 3,504,000 kWh and 640 or 520 kW are more than 2,500 h: 120 kW x 130 EUR; the energy is the same.
    "two pairs by usage hours": (
        power(price="", more="[demand.usage_hours]\nthreshold_h = 2500\n"
            'below = { demand = "30.00 EUR/kW/year", energy = "5.00 ct/kWh" }\n'
            'from_threshold = { demand = "130.00 EUR/kW/year", energy = "1.00 ct/kWh" }'),
        15_600,
    ),
    "levies, flat and in tiers": (
        power() + '[[levy]]\nid = "tax"\nprice = "0.05 ct/kWh"\n[[levy]]\nid = "kwk"\n'
            'tiers = [{ up_to_kwh = 1000000, price = "0.30 ct/kWh" }, { price = "0.03 ct/kWh" }]\n',
        12_000,
    ),
    "standing charges": (power() + '[[fixed]]\nid = "metering"\nprice = "480.00 EUR/year"\n', 12_000),
}  # fmt: skip


def advised(folder, body, *, reactive=(), target_kw=500.0, head=HEAD, supply=SUPPLY, **site):
    """What is advised where a sheet has these charges, with quarter hours of 300 kvar where they are measured."""
    jobs = two_furnaces()
    price = head + body + supply
    found = Advised(folder, *jobs, price=price, target_kw=target_kw, billed_peak_kw=0.0, reactive=reactive, **site)
    for channel in reactive:
        for n in range(96, 0, -1):
            found.take(interval(NOW - n * QUARTER, 300.0 if channel == "reactive_import" else 0.0, channel=channel))
    advice = found.take(forecast(jobs))
    for one in advice:
        assert decode(Recommendation, encode(one)) == one
    return advice


@pytest.mark.parametrize("kind", PRICED)
def test_a_move_is_worth_what_the_charge_says(tmp_path, kind):
    body, saving_eur = PRICED[kind]
    [advice] = advised(tmp_path, body)
    assert advice.saving_eur == pytest.approx(saving_eur, abs=0.01)
    assert advice.saving_demand_eur == pytest.approx(saving_eur, abs=0.01)
    assert advice.saving_energy_eur == 0.0
    assert advice.bill_before_eur - advice.bill_after_eur == pytest.approx(saving_eur, abs=0.01)
    assert "Not in it" not in english(advice, works())
    assert ("saves no money" in english(advice, works())) == (saving_eur == 0)


@pytest.mark.parametrize("kind", [kind for kind, (_, saving_eur) in PRICED.items() if saving_eur == 0])
def test_where_no_target_is_to_be_protected_a_move_that_saves_nothing_is_not_advised(tmp_path, kind):
    assert advised(tmp_path, PRICED[kind][0], target_kw=None) == []


def test_a_move_that_would_cost_money_is_not_advised_even_to_protect_the_target(tmp_path):
    """With the move the peak outside the windows is 120 kW above that inside, too little for the special charge: 520 kW would be billed, not 400."""
    assert advised(tmp_path, EVENING + power(more='inside = "evening"\n' + ATYPICAL.format(kw=150))) == []


def test_value_added_tax_is_in_the_saving_and_not_in_that_of_power(tmp_path):
    [advice] = advised(tmp_path, power(), head="vat_percent = 19\n" + HEAD)
    assert (advice.saving_eur, advice.saving_demand_eur, advice.saving_energy_eur) == (14_280.0, 12_000.0, 2_280.0)


UNPRICED = {
    "apparent power": (
        power("year", "100.00 EUR/kVA/year", "kVA"),
        "reactive energy is not measured",
        "Blindarbeit wird nicht gemessen",
    ),
    "sliding finer than quarter hours": (
        power(more='method = "sliding"\nstep_min = 5'),
        "billed finer than by quarter hours",
        "feiner",
    ),
}


@pytest.mark.parametrize("kind", UNPRICED)
def test_where_power_has_no_price_the_advice_is_in_kilowatts_only_and_says_why(tmp_path, kind):
    body, why_en, why_de = UNPRICED[kind]
    [advice] = advised(tmp_path, body)
    assert (advice.peak_before_kw, advice.peak_after_kw, advice.reduction_kw) == (640.0, 520.0, 120.0)
    assert {advice.saving_eur, advice.saving_demand_eur, advice.bill_before_eur, advice.bill_after_eur} == {None}
    assert advice.saving_energy_eur == 0.0, "what the energy costs is known"
    assert f"What that saves is not known: there is no price for network ({why_en})." in english(advice, works())
    assert "Was das spart, ist nicht bekannt: kein Preis ist bekannt für network (" in german(advice, works())
    assert why_de in german(advice, works())
    assert "EUR" not in english(advice, works()) + german(advice, works())
    assert any("network" in fact.ids.get("component", ()) for fact in advice.not_checked)
    [untargeted] = advised(tmp_path, body, target_kw=None)
    assert untargeted.saving_eur is None, "unknown is no reason to be silent"


@pytest.mark.parametrize("kind", ["inductive", "capacitive"])
@pytest.mark.parametrize("settle", ["month", "interval"])
def test_a_reactive_charge_that_the_plant_does_not_measure_is_left_out_and_named(tmp_path, kind, settle):
    [advice] = advised(tmp_path, power() + blind(kind, settle))
    assert advice.saving_eur == 12_000.0
    assert "Not in it: blind (" in english(advice, works())
    assert "Nicht darin: blind (" in german(advice, works())
    assert any("blind" in fact.ids.get("component", ()) for fact in advice.not_checked)


@pytest.mark.parametrize("settle", ["month", "interval"])
def test_reactive_energy_that_is_measured_keeps_its_share_of_the_load(tmp_path, settle):
    """300 kvar at 400 kW: the job takes its share with it, so that the charge stays as it is."""
    both = power() + blind("inductive", settle) + blind("capacitive", settle).replace('"blind"', '"cap"')
    [advice] = advised(tmp_path, both, reactive=("reactive_import", "reactive_export"))
    assert advice.saving_eur == pytest.approx(12_000.0, abs=0.05)
    assert "Not in it" not in english(advice, works())
    [half] = advised(tmp_path, both, reactive=("reactive_import",))
    assert "Not in it: cap (capacitive reactive energy is not measured)." in english(half, works())


def test_apparent_power_is_priced_at_the_power_factor_that_was_measured(tmp_path):
    """300 kvar at 400 kW are 500 kVA: 640 kW come to 800 kVA, 520 kW to 650."""
    [advice] = advised(tmp_path, power("year", "100.00 EUR/kVA/year", "kVA"), reactive=("reactive_import",))
    assert advice.saving_eur == pytest.approx(15_000.0, abs=0.05)


SPOT = '[[energy]]\nid = "spot"\nspot = { file = "spot.csv", adder = "1.00 ct/kWh" }\n'


def spot_file(folder, hours, price=lambda start: 100):
    lines = (f"{(NOW + n * QUARTER):%Y-%m-%dT%H:%M:%SZ},{price(NOW + n * QUARTER)}" for n in range(-96, 4 * hours))
    (folder / "spot.csv").write_text("\n".join(["start_utc,price_eur_per_mwh", *lines]) + "\n")


def test_energy_at_spot_prices_moves_at_the_price_of_its_quarter_hours(tmp_path):
    """60 kWh go from between 08:00 and 08:30, at 200 EUR/MWh, to where it costs 100."""
    spot_file(tmp_path, 48, lambda start: 200 if NOW + 8 * QUARTER <= start < NOW + 10 * QUARTER else 100)
    [advice] = advised(tmp_path, power(), supply=SPOT)
    assert (advice.saving_eur, advice.saving_demand_eur, advice.saving_energy_eur) == (12_006.0, 12_000.0, 6.0)


def test_where_spot_prices_are_not_known_yet_energy_is_unknown_and_power_is_priced(tmp_path):
    """Without the rule the energy would seem to cost nothing where no price is known: a move out of the known hours would save all of it."""
    spot_file(tmp_path, 2)  # until 08:00
    [advice] = advised(tmp_path, power(), supply=SPOT)
    assert (advice.saving_eur, advice.saving_demand_eur, advice.saving_energy_eur) == (12_000.0, 12_000.0, None)
    assert "Not in it: spot (its spot prices are not known yet)." in english(advice, works())
    assert "Nicht darin: spot (seine Börsenpreise sind noch nicht bekannt)." in german(advice, works())


def test_without_a_tariff_the_advice_is_in_kilowatts_only(tmp_path):
    jobs = two_furnaces()
    found = Advised(tmp_path, *jobs, price=None)
    [advice] = found.take(forecast(jobs))
    assert (advice.peak_before_kw, advice.peak_after_kw, advice.reduction_kw) == (640.0, 520.0, 120.0)
    money = (advice.saving_eur, advice.saving_demand_eur, advice.saving_energy_eur, advice.bill_before_eur, advice.bill_after_eur)
    assert money == (None,) * 5
    assert all(one.saving_eur is None for one in advice.alternatives)
    assert "That is 20 kW above the target of 500 kW. What that saves is not known: the plant file names no tariff." in english(
        advice, works()
    )
    assert (
        "Das sind 20 kW über dem Ziel von 500 kW. Was das spart, ist nicht bekannt: die Werksdatei nennt keinen Tarif."
        in german(advice, works())
    )
    assert "EUR" not in english(advice, works()) + german(advice, works())
    assert found.take(forecast(jobs)) == []
    [changed] = found.take(forecast(jobs, base=420.0))
    assert (changed.recommendation, changed.revision, changed.saving_eur) == (advice.recommendation, 2, None)


def test_without_tariff_and_target_the_peak_that_is_billed_is_what_is_kept(tmp_path):
    jobs = two_furnaces()
    [advice] = Advised(tmp_path, *jobs, price=None, target_kw=None, billed_peak_kw=530.0).take(forecast(jobs))
    assert "That is 10 kW below the peak billed so far of 530 kW." in english(advice, works())
    assert "Das sind 10 kW unter der bisher abgerechneten Spitze von 530 kW." in german(advice, works())
    assert Advised(tmp_path, *jobs, price=None, target_kw=None, billed_peak_kw=650.0).take(forecast(jobs)) == []


@pytest.mark.parametrize(
    "dates",
    [("2025-01-01", "2026-10-01"), ("2025-01-01", "2026-10-23"), ("2026-10-24", "2027-01-01"), ("2030-01-01", "2031-01-01")],
)
def test_where_the_tariff_does_not_hold_the_advice_goes_on_in_kilowatts(tmp_path, dates):
    head = HEAD.replace("2026-01-01\nvalid_to", f"{dates[0]}\nvalid_to").replace("valid_to = 2027-01-01", f"valid_to = {dates[1]}")
    [advice] = advised(tmp_path, power(), head=head)
    assert (advice.reduction_kw, advice.saving_eur, advice.saving_energy_eur) == (120.0, None, None)
    assert "What that saves is not known: the tariff does not hold at that time." in english(advice, works())


def test_a_tariff_that_ends_tonight_prices_what_happens_today(tmp_path):
    head = HEAD.replace("valid_to = 2027-01-01", "valid_to = 2026-10-24")
    [advice] = advised(tmp_path, power(), head=head)
    # Ten months of the year's price, as far as the sheet holds.
    assert advice.saving_eur == 10_000.0


def test_an_open_recommendation_is_published_again_once_it_has_a_price_and_once_it_has_none(tmp_path):
    jobs = two_furnaces()
    found = Advised(tmp_path, *jobs)
    [advice] = found.take(forecast(jobs))
    assert advice.saving_eur == 12_000.0
    with_prices, found.step = found.step, AdviceStep(works(), None)
    [without] = found.take(forecast(jobs))
    assert (without.revision, without.saving_eur) == (2, None)
    found.step = with_prices
    [again] = found.take(forecast(jobs))
    assert (again.revision, again.saving_eur) == (3, 12_000.0)


def test_what_was_declined_without_a_price_comes_back_only_for_twice_the_kilowatts(tmp_path):
    jobs = two_furnaces()
    found = Advised(tmp_path, *jobs, price=None)
    [advice] = found.take(forecast(jobs))
    found.take(texts_of(advice.recommendation, DecisionKind.REJECTED))
    assert found.take(forecast(jobs)) == []
    heavier = [replace(job, profile_kw=(250.0, 250.0), revision=2) for job in jobs]
    for job in heavier:
        found.take(job)
    [again] = found.take(forecast(heavier))
    assert again.reduction_kw >= 2 * advice.reduction_kw
    assert again.recommendation != advice.recommendation, "another question has a name of its own"


@pytest.mark.parametrize("quantity", ["kW", "kVA"])
def test_the_largest_loads_that_records_can_hold_make_recommendations_that_can_be_read(tmp_path, quantity):
    """1e11 kW forecast, and reactive energy of 64 bits beside hardly any active one."""
    jobs = two_furnaces()
    body = power("year", f"100.00 EUR/{quantity}/year", quantity)
    found = Advised(tmp_path, *jobs, price=HEAD + body + SUPPLY, billed_peak_kw=0.0, reactive=("reactive_import",))
    for n in range(96, 0, -1):
        found.take(replace(interval(NOW - n * QUARTER), energy_uwh=1))
        found.take(replace(interval(NOW - n * QUARTER, channel="reactive_import"), energy_uwh=2**63 - 1))
    texts_of = forecast(jobs, base=1e9)
    loads = tuple(1e11 if n in (8, 9) else load for n, load in enumerate(texts_of.q50_kw))
    for job in jobs:
        found.take(replace(job, revision=2, at_utc=NOW + QUARTER, profile_kw=(1e9, 1e9)))
    for one in found.take(replace(texts_of, q10_kw=loads, q50_kw=loads, q90_kw=loads)):
        assert decode(Recommendation, encode(one)) == one
    assert encode_state(decode_state(encode_state(found.state))) == encode_state(found.state)
