"""Files as people write them, small and with every table in use: what the TOML target starts from."""

from __future__ import annotations

from pathlib import Path

import billing
import connectors.modbus.profile
import simulation.demo_plant

PLANT = """# A small works.
[site]
id = "works"
name = "Werk"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
holidays = [2026-12-24, 2026-12-31]
holiday_region = "DE-BW"
billing_meter = "main"
target_kw = 640.0
billed_peak_kw = 637.0
late_horizon_days = 35

[connections]
devices = "devices"

[tariff]
file = "tariff.toml"

[[meter]]
id = "main"
name = "Netzanschluss"
max_power_kw = 1250.0

[[meter.register]]
channel = "power"
kind = "gauge"
unit = "kW"
sampling_s = 60
resolution = 0.1

[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 60
resolution = 1
modulus = 1e9
encoding = "float32"

[[meter.exchange]]
channel = "energy_import"
at_utc = 2026-03-02T08:15:00Z
old_serial = "A-1"
final_reading = 8123.4
new_serial = "B-2"
start_reading = 0.0

[[meter]]
id = "furnace-1"
parent = "main"
max_power_kw = 200

[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "kWh"
sampling_s = 60
resolution = 1

[[meter.register]]
channel = "reactive"
kind = "counter"
unit = "kvarh"
sampling_s = 60
resolution = 0.1
balance = true

[[meter.multiplier]]
channel = "energy_import"
factor = 60
from_utc = 2026-03-02T08:15:00Z
evidence = "plate of the current transformers, 300/5 A"

[[virtual_meter]]
id = "rest"
name = "Ungemessen"
channel = "energy_import"
formula = "main - furnace-1"

[[shift]]
id = "early"
name = "Früh"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "06:00"
to = "14:00"
on_holidays = false
breaks = [{ from = "09:00", to = "09:15" }, { from = "12:00", to = "12:30" }]

[[machine]]
id = "furnace-1"
name = "Härteofen 1"
kind = "furnace"
meter = "furnace-1"
rated_kw = 160.0
standby_kw = 2
shifts = ["early"]

[[order]]
job = "H-1"
machine = "furnace-1"
product = "gear rings"
start_utc = 2026-10-23T06:00:00Z
earliest_utc = 2026-10-23T04:00:00Z
due_utc = 2026-10-24T04:00:00+02:00
profile_kw = [140.0, 140, 95.5]
movable = true
"""

MODBUS = """[device]
id = "main-meter"
meter = "main"
protocol = "modbus-tcp"
host = "192.168.17.40"
port = 502
unit_id = 3
profile = "janitza_umg96rm"
poll_s = 30
timeout_s = 1.0
word_order = "ABCD"

[channels]
power = "active_power_total"
energy_import = "active_energy_import"
"""

OPCUA = """[device]
id = "furnace-1-control"
meter = "main"
protocol = "opcua"
endpoint = "opc.tcp://192.168.17.61:4840"
namespace_uri = "urn:example:furnace"
security = "basic256sha256"
certificate = "lastgang.der"
private_key = "lastgang.pem"
server_certificate = "furnace.der"
user_variable = "FURNACE_USER"
password_variable = "FURNACE_PASSWORD"
sampling_ms = 1000.0
queue_size = 20
max_silence_s = 60.0
timeout_s = 4.0

[channels]
power = "s=Machine.Power"
energy_import = "i=1042"
state = "g=72962b91-fa75-4ae6-8d28-b404dc7daf63"

[units]
power = "W"
"""

TARIFF = """id = "all-of-it"
version = "1"
valid_from = 2026-01-01
valid_to = 2027-01-01
source = "a made-up price sheet"
currency = "EUR"
timezone = "Europe/Berlin"
holidays = "DE-BW"
vat_percent = 19

[bill]
from = 2026-03-01
to = 2026-04-01

[rounding]
amount_decimals = 2
power_decimals = 0
power_mode = "half_up"
energy_decimals = 1

[[season]]
id = "winter"
months = [11, 12, 1, 2]

[[calendar]]
id = "peak"
holidays = "DE"
extra_holidays = [2026-12-24]

[[calendar.band]]
days = ["workday"]
from = "08:00"
to = "20:00"

[[calendar.band]]
days = ["saturday"]
from = "10:15"
to = "24:00"
season = "winter"

[[energy]]
id = "day"
inside = "peak"
price = "14.00 ct/kWh"

[[energy]]
id = "night"
outside = "peak"
price = "80.5 EUR/MWh"

[[demand]]
id = "network"
quantity = "kW"
interval_min = 15
method = "sliding"
step_min = 5
statistic = "mean_of_highest"
highest = 3
per = "day"
reset = "year"
price = "96.40 EUR/kW/year"
history = { "2026-01" = "632 kW" }
minimum = "100 kW"
contracted = "700 kW"
excess_price = "120 EUR/kW/year"

[[demand]]
id = "usage"
quantity = "kVA"
interval_min = 30
reset = "year"
instalments = "monthly"

[demand.usage_hours]
threshold_h = 2500
below = { demand = "18.60 EUR/kVA/year", energy = "4.10 ct/kWh" }
from_threshold = { demand = "96.40 EUR/kVA/year", energy = "0.99 ct/kWh" }

[[demand]]
id = "month"
inside = "peak"
quantity = "kW"
interval_min = 15
reset = "month"
price = "9.1 EUR/kW/month"
ratchet = { percent = 80, months = 11, season = "winter" }

[[reactive]]
id = "reactive"
direction = "inductive"
settle = "month"
price = "1.2 ct/kvarh"
free = { kind = "cos_phi", value = 0.9 }

[[levy]]
id = "tax"
tiers = [{ up_to_kwh = 1000000, price = "2.05 ct/kWh" }, { price = "0.05 ct/kWh" }]

[[fixed]]
id = "metering"
price = "540.00 EUR/year"
"""

STACK = (
    (Path(simulation.demo_plant.__file__).parents[2] / "deploy" / "sample.toml").read_text(encoding="utf-8").replace("\n# ", "\n")
)
PROFILE = (connectors.modbus.profile.FOLDER / "siemens_pac3200.toml").read_text(encoding="utf-8")
DEMO_PLANT = (Path(simulation.demo_plant.__file__).parent / "plant.toml").read_text(encoding="utf-8")
SAMPLE_TARIFF = (Path(billing.__file__).parent / "sample_tariff.toml").read_text(encoding="utf-8")
