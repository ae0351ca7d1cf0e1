"""The words of reports in German and English, and how numbers and instants are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from domain.units import UWH_PER_KWH

Language = Literal["de", "en"]
THIN = "\u202f"
_ALL_DIGITS = Context(prec=400, rounding=ROUND_HALF_UP)
"""No number of 64 bits is too long to be written out."""

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Energiebericht", "Energy report"),
    "subtitle": ("Stromverbrauch und Lastgang", "Electricity consumption and load profile"),
    "note": ("Hinweis", "Note"), "provisional": ("Vorläufig", "Provisional"),
    "provisional.running": (
        "Beim Datenstand war der Monat noch nicht zu Ende: Daten bis {until}.",
        "When the data were cut off the month was not over: data until {until}.",
    ),
    "provisional.values": (
        "Für {count} Viertelstunden des Netzbezugs ({share}) liegt kein Wert vor.",
        "There is no value for {count} quarter hours of grid import ({share}).",
    ),
    "provisional.bill": ("Die Rechnung kann sich noch ändern: es fehlen {what}.", "The bill can still change: missing are {what}."),
    "missing.power_kw": ("Werte des Netzbezugs", "values of grid import"), "missing.reactive_kvar": ("Werte der Blindarbeit", "values of reactive energy"),
    "missing.spot": ("Börsenpreise", "day-ahead prices"),
    "glyphs": (
        "Zeichen, die die Schrift dieses PDF nicht hat, stehen als Code in eckigen Klammern ({codes}); in report.json und report.xlsx stehen sie selbst.",
        "Characters that the fonts of this PDF lack stand as codes in square brackets ({codes}); report.json and report.xlsx have the characters.",
    ),
    "and_more": ("{codes} und {count} weitere", "{codes} and {count} more"),
    "organisation": ("Organisation", "Organisation"), "site": ("Standort", "Site"), "boundary": ("Bilanzgrenze", "Boundary"),
    "boundary.text": ("Netzanschluss {meter} und {count} Zähler dahinter (siehe Tabelle der Zähler)", "grid connection {meter} and {count} meters behind it (see table of meters)"),
    "boundary.none": ("kein Netzanschluss benannt; {count} Zähler", "no grid connection named; {count} meters"),
    "boundary.others": ("; {count} weitere Zähler liegen nicht dahinter", "; {count} other meters are not behind it"),
    "period": ("Zeitraum", "Period"), "period.text": ("[{from_}, {to})", "[{from_}, {to})"),
    "timezone": ("Zeitzone", "Time zone"), "expected": ("Erwartete Viertelstunden", "Quarter hours expected"),
    "report": ("Berichtsnummer", "Report id"), "version": ("Version", "Version"), "replaces": ("Ersetzt", "Replaces"),
    "replaces.none": ("erste Version", "first version"), "generated": ("Erstellt (UTC)", "Generated (UTC)"),
    "software": ("Software", "Software"), "config": ("Konfiguration (SHA-256)", "Configuration (SHA-256)"),
    "cut_off": ("Datenstand (UTC)", "Data as known at (UTC)"), "tariff": ("Tarif", "Tariff"),
    "tariff.none": ("keiner: {why}", "none: {why}"),
    "why.no_tariff": ("die Anlagendatei nennt keinen Tarif", "the plant file names no tariff"),
    "why.no_meter": ("die Anlagendatei nennt keinen Zähler des Netzanschlusses", "the plant file names no billing meter"),
    "factors": ("Emissionsfaktoren", "Emission factors"),
    "factors.none": ("keine: Emissionen werden nicht berechnet", "none: emissions are not calculated"),
    "author": ("Erstellt von", "Author"), "approver": ("Freigegeben von", "Approved by"), "open": ("offen", "open"),
    "key_figures": ("Auf einen Blick", "At a glance"), "consumption": ("Netzbezug", "Grid import"), "peak": ("Höchste Viertelstunde", "Highest quarter hour"),
    "peak.of_covered": ("{share} der Viertelstunden des Monats sind gemessen", "{share} of the month's quarter hours are measured"),
    "peak.of_covered.name": ("Höchste Viertelstunde: Anteil gemessener Viertelstunden", "Highest quarter hour: share of covered quarter hours"),
    "peak.rests": ("nicht gemessen: {quality}", "not measured: {quality}"),
    "peak.rests.name": ("Höchste Viertelstunde beruht auf einem Ersatzwert", "Highest quarter hour rests on a substitute"),
    "answer.yes": ("ja", "yes"), "answer.no": ("nein", "no"),
    "peak.notice": (
        "Die höchste Viertelstunde ({moment}, {power} kW) beruht auf einem Ersatz ({quality}: {method}; Revision {revision}).",
        "The highest quarter hour ({moment}, {power} kW) rests on a substitute ({quality}: {method}; revision {revision}).",
    ),
    "peak.unknown": (
        "Gemessen sind {share} der Viertelstunden des Netzbezugs; in den übrigen kann die wahre Höchstleistung gelegen haben.",
        "{share} of the quarter hours of grid import are measured; the true maximum may have been in the others.",
    ),
    "coverage": ("Abdeckung", "Coverage"), "cost": ("Kosten", "Cost"), "measured_share": ("davon gemessen", "of it measured"),
    "export": ("Einspeisung", "Export"), "mean_power": ("Mittlere Leistung", "Mean power"),
    "load_chart": ("Lastgang des Netzanschlusses", "Load profile of the grid connection"),
    "load_chart.alt": ("Viertelstundenwerte des Netzbezugs in Kilowatt über den Monat", "Quarter-hour values of grid import in kilowatt over the month"),
    "daily_peaks": ("Tageshöchstwerte", "Daily peaks"),
    "daily_peaks.alt": ("Höchste Viertelstunde jedes Tages in Kilowatt", "Highest quarter hour of each day in kilowatt"),
    "target": ("Ziel", "target"), "no_value": ("ohne Wert", "no value"),
    "top_peaks": ("Die zehn höchsten Viertelstunden", "The ten highest quarter hours"),
    "windows": ("Zeitfenster des Tarifs", "Windows of the tariff"), "inside": ("innerhalb", "inside"), "outside": ("außerhalb", "outside"),
    "meters": ("Zähler", "Meters"), "meter": ("Zähler", "Meter"), "name": ("Bezeichnung", "Name"), "parent": ("unter", "below"), "channel": ("Kanal", "Channel"),
    "unit": ("Einheit", "Unit"), "energy": ("Energie", "Energy"), "start": ("Beginn", "Start"), "end": ("Ende", "End"),
    "power": ("Leistung", "Power"), "quality": ("Qualität", "Quality"), "method": ("Verfahren", "Method"), "revision": ("Revision", "Revision"),
    "origin": ("Herkunft", "Origin"), "quarters": ("Viertelstunden", "Quarter hours"), "values": ("mit Wert", "with value"),
    "worst": ("schlechteste Qualität", "worst quality"), "instrument": ("Gerät", "Device"), "resolution": ("Auflösung", "Resolution"),
    "start_local": ("Beginn (Ortszeit)", "Start (local time)"), "offset": ("UTC-Versatz", "UTC offset"), "start_utc": ("Beginn (UTC, ISO 8601)", "Start (UTC, ISO 8601)"),
    "quality_by_meter": ("Qualität je Zähler", "Quality by meter"), "share_quarters": ("Anteil Viertelstunden", "share of quarter hours"),
    "share_energy": ("Anteil Energie", "share of energy"), "balance": ("Bilanz der Zähler", "Balance of the meters"),
    "balance.note": (
        "Bezug minus Einspeisung, über die Viertelstunden, für die alle beteiligten Zähler einen Wert haben. Der Rest ist nicht einzeln gemessen: weitere Verbraucher, Verluste, Messabweichung.",
        "Import minus export, over the quarter hours for which all meters involved have a value. The residual is not metered on its own: other loads, losses, deviation of the meters.",
    ),
    "sum_below": ("Summe darunter", "Sum below"), "residual": ("Rest", "Residual"), "left_out": ("ausgelassen", "left out"), "meters_below": ("Zähler darunter", "Meters below"),
    "gaps": ("Lücken und Ersatzwerte", "Gaps and substitute values"), "gaps.none": ("Keine: jede Viertelstunde jedes Zählers ist gemessen, berichtigt oder aus gemessenen berechnet.", "None: each quarter hour of each meter is measured, corrected or calculated from measured ones."),
    "gaps.note": (
        "Viertelstunden, die nicht einfach gemessen sind oder es nicht von Anfang an waren. Dazu gehören Viertelstunden, die nie gesendet wurden. „Vorher“ ist, was vor der Berichtigung angegeben war; es gilt „jetzt“ mit der genannten Revision. Alle Lücken stehen in gaps.csv, alle Revisionen berichtigter Viertelstunden in report.xlsx.",
        "Quarter hours that are not simply measured, or were not from the beginning; quarter hours that were never sent are among them. “Before” was stated until the restatement; “now” counts, with the revision named. All gaps are in gaps.csv, all revisions of restated quarter hours in report.xlsx.",
    ),
    "gaps.span": ("von – bis (Ortszeit, UTC)", "from – to (local time, UTC)"),
    "gaps.short": ("Lücken", "Gaps"),
    "duration": ("Dauer", "Duration"), "minutes": ("Minuten", "minutes"), "filled": ("Gefüllt durch", "Filled by"),
    "first": ("zuerst", "first"), "last": ("zuletzt", "last"), "now": ("jetzt", "now"), "without_value": ("{count} ohne Wert", "{count} without value"),
    "zone": ("Zone", "zone"), "end_local": ("Ende (Ortszeit)", "End (local time)"), "end_utc": ("Ende (UTC, ISO 8601)", "End (UTC, ISO 8601)"),
    "f.late_readings": ("nachgereichte Messwerte (Gerät, Gateway oder Import)", "readings delivered later (device, gateway or import)"),
    "f.shared_evenly": ("Vorschub des Zählers, gleichmäßig verteilt", "advance of the register, divided evenly"),
    "f.like_days": ("Vorschub des Zählers, nach Vergleichstagen verteilt", "advance of the register, divided by like days"),
    "f.seen_in_part": ("Mittelwert des Gesehenen", "mean of what was seen"), "f.as_read": ("Stand des Zählwerks, nicht glaubhaft", "as the register said, not believed"),
    "f.of_its_source": ("als Ersatzwert geliefert oder aus Ersatzwerten berechnet", "delivered as a substitute, or calculated from substitutes"), "f.nothing": ("nichts: kein Wert", "nothing: no value"),
    "from": ("von", "from"), "to": ("bis", "to"), "reason": ("Grund und Verfahren", "Reason and method"),
    "events": ("Zählerstände: Rücksetzung, Überlauf, Wechsel, Sprung", "Registers: reset, rollover, exchange, jump"),
    "events.none": ("Keine im Zeitraum.", "None in the period."),
    "restatements": ("Berichtigungen", "Restatements"), "restatements.none": ("Keine: keine Viertelstunde wurde mehr als einmal angegeben.", "None: no quarter hour was stated more than once."),
    "restatements.count": ("{count} Viertelstunden wurden mehr als einmal angegeben; es gilt die höchste Revision, die früheren bleiben erhalten.", "{count} quarter hours were stated more than once; the highest revision counts, earlier ones are kept."),
    "before": ("vorher", "before"), "after": ("nachher", "after"), "recorded": ("aufgezeichnet (UTC)", "recorded (UTC)"),
    "versions": ("Änderungen gegenüber der ersetzten Version", "Changes since the replaced version"), "versions.none": ("Dies ist die erste Version.", "This is the first version."),
    "versions.unknown": (
        "Nicht vergleichbar: das Manifest der ersetzten Version ist nicht lesbar oder nennt keinen Datenstand.",
        "Not comparable: the manifest of the replaced version cannot be read or does not say when its data were cut off.",
    ),
    "versions.same": ("Keine Viertelstunde hat sich geändert.", "No quarter hour has changed."),
    "bill": ("Rechnung des Monats", "Bill of the month"), "bill.none": ("Keine Rechnung: {why}", "No bill: {why}"), "line": ("Position", "Line"), "kind": ("Art", "Kind"),
    "quantity": ("Menge", "Quantity"), "price": ("Preis", "Price"), "amount": ("Betrag", "Amount"), "total": ("Summe", "Total"),
    "bill.note": (
        "Der Monat für sich: ein Jahresleistungspreis zählt mit einem Zwölftel und der höchsten Viertelstunde dieses Monats (oder dem früheren Höchstwert, den die Tarifdatei nennt). Steigt der Jahreshöchstwert später, werden frühere Monate nachberechnet.",
        "The month on its own: an annual demand price counts a twelfth, with the highest quarter hour of this month (or an earlier maximum that the tariff file names). If the year's maximum rises later, earlier months are billed again.",
    ),
    "cause": ("Verursacht durch", "Caused by"),
    "anomalies": ("Auffälligkeiten", "Anomalies"), "anomalies.none": ("Keine im Zeitraum.", "None in the period."), "since": ("seit", "since"), "until": ("bis", "until"), "lasting": ("dauert an", "lasting"),
    "eur_per_day": ("EUR/Tag", "EUR/day"), "excess": ("Mehrverbrauch", "Excess"), "finding": ("Befund", "Finding"),
    "recommendations": ("Empfehlungen", "Recommendations"), "recommendations.none": ("Keine im Zeitraum.", "None in the period."), "status": ("Status", "Status"),
    "saving": ("erwartete Ersparnis", "Expected saving"), "reduction": ("erwartete Senkung", "Expected reduction"),
    "unknown": ("unbekannt", "unknown"), "money.expected": ("EUR, erwartet", "EUR, expected"),
    "status.final": ("endgültig", "final"), "status.provisional": ("vorläufig", "provisional"),
    "per.year": ("Jahr", "year"), "per.month": ("Monat", "month"), "per.day": ("Tag", "day"),
    "advice.note": (
        "Senkung und Ersparnis sind die Erwartung, mit der die Empfehlung erteilt wurde; „durchgeführt“ sagt, dass der Auftrag so lief wie empfohlen, nicht, was es gebracht hat. „Unbekannt“ steht, wo kein Tarif einen Preis nennt.",
        "Reduction and saving are what was expected when the recommendation was issued; “carried out” says that the job ran as recommended, not what that was worth. “Unknown” stands where no tariff has a price.",
    ),
    "anomalies.note": (
        "Mehrverbrauch und Kosten sind gegen den erwarteten Verlauf gerechnet; „unbekannt“ steht, wo kein Tarif einen Preis nennt.",
        "Excess and cost are counted against the expected load; “unknown” stands where no tariff has a price.",
    ), "decided": ("Entscheidung", "Decision"), "issued": ("erteilt", "issued"), "advice": ("Empfehlung", "Recommendation"),
    "rejections": ("Nicht verwendete Messwerte", "Readings that were not used"), "rejections.none": ("Keine, die im Zeitraum empfangen wurden.", "None received in the period."), "count": ("Anzahl", "Count"),
    "conflicts": ("Widersprüche", "Conflicts"),
    "conflicts.text": ("In der ganzen Aufzeichnung bis zum Datenstand widersprachen {count} Datensätze einem früheren mit derselben Kennung; der frühere gilt, der spätere ist aufbewahrt.", "In all that was recorded until the data were cut off, {count} records contradicted an earlier one with the same identity; the earlier one counts, the later one is kept."),
    "statements": ("Erklärungen zum Verfahren", "Statements on method"),
    "files": ("Datendateien dieses Berichts", "Data files of this report"),
    "files.note": (
        "Prüfen: lastgang verify ORDNER oder sha256sum -c SHA256SUMS; kein Netz nötig. Die Prüfsumme dieses PDF steht in manifest.json.",
        "To check: lastgang verify FOLDER or sha256sum -c SHA256SUMS; no network needed. The checksum of this PDF is in manifest.json.",
    ),
    "signature": ("Ort, Datum, Unterschrift", "Place, date, signature"), "page": ("Seite {page} von {pages}", "page {page} of {pages}"), "more": ("und {count} weitere in report.xlsx", "and {count} more in report.xlsx"),
    "cover": ("Deckblatt", "Cover"), "summary": ("Übersicht", "Summary"), "intervals": ("Viertelstunden", "Intervals"), "findings": ("Befunde", "Findings"), "changelog": ("Änderungen", "Changelog"), "costs": ("Kosten", "Costs"),
    "q.measured": ("gemessen", "measured"), "q.calculated": ("berechnet", "calculated"), "q.corrected": ("berichtigt", "corrected"), "q.substituted": ("Ersatzwert", "substituted"), "q.estimated": ("geschätzt", "estimated"), "q.faulty": ("gestört", "faulty"), "q.missing": ("fehlt", "missing"),
    "m.register": ("Zählerdifferenz", "register"), "m.integral": ("Integral der Leistung", "integral of power"), "m.formula": ("Summe und Differenz anderer Zähler", "sum and difference of other meters"), "m.rollover": ("Zählerüberlauf", "rollover"),
    "m.reset": ("Rücksetzung: neuer Stand gebucht", "reset: new value booked"), "m.exchange": ("Zählerwechsel nach Protokoll", "exchange by protocol"), "m.multiplier": ("Wandlerfaktor gewechselt: jede Seite mit ihrem", "transformer ratio changed: each side with its own"), "m.step_removed": ("unmöglicher Sprung, nicht gebucht", "impossible step, not booked"),
    "m.interpolated": ("keine Messwerte; Vorschub des Zählers gleichmäßig verteilt", "no readings; advance of the register divided evenly"), "m.like_day_scaled": ("keine Messwerte; Vorschub des Zählers nach Vergleichstagen verteilt", "no readings; advance of the register divided by like days"),
    "m.covered_mean": ("nur teilweise gesehen; Mittelwert des Gesehenen", "seen in part; mean of what was seen"), "m.stuck": ("Zählwerk stand trotz Last", "register stood still under load"), "m.none": ("kein verwendbarer Messwert", "no usable reading"),
    "m.before_recording": ("vor Beginn der Aufzeichnung", "before recording began"), "m.no_record": ("nichts aufgezeichnet", "nothing recorded"), "m.not_yet": ("noch nicht gemessen", "not measured yet"),
    "r.unparsable": ("nicht lesbar", "unparsable"), "r.unknown_register": ("unbekanntes Register", "unknown register"), "r.bad_quality": ("vom Gerät als schlecht gemeldet", "bad by the device's own word"),
    "r.clock_before_range": ("Uhr vor dem erlaubten Bereich", "clock before the allowed range"), "r.clock_in_future": ("Uhr in der Zukunft", "clock in the future"), "r.clock_jumped": ("Uhr verstellt", "a clock was set"), "r.duplicate": ("Wiederholung", "duplicate"),
    "r.impossible_power": ("unmögliche Leistung", "impossible power"), "r.glitch": ("Ausreißer", "glitch"), "r.beyond_horizon": ("zu spät gekommen", "too late"), "r.step_failed": ("Programmfehler", "program fault"),
    "highest": ("Höchstwert", "Highest"),
    "o.calculated": ("Berechnung", "calculation"), "o.metering": ("Messung", "metering"), "o.import": ("Import", "import"), "rs.open": ("offen", "open"), "rs.accepted": ("angenommen", "accepted"), "rs.rejected": ("abgelehnt", "rejected"), "rs.expired": ("verfallen", "expired"), "rs.withdrawn": ("zurückgezogen", "withdrawn"), "rs.carried_out": ("durchgeführt", "carried out"),
    "k.energy": ("Arbeit", "energy"), "k.demand": ("Leistung", "demand"), "k.excess": ("Überschreitung", "excess"), "k.demand_rebilled": ("Leistung, Nachberechnung", "demand, rebilled"), "k.energy_rebilled": ("Arbeit, Nachberechnung", "energy, rebilled"), "k.reactive": ("Blindarbeit", "reactive"), "k.fixed": ("Grundpreis", "fixed"), "k.levy": ("Abgabe", "levy"), "k.vat": ("Umsatzsteuer", "VAT"),
}  # fmt: skip

STATEMENTS: dict[Language, tuple[str, ...]] = {
    "de": (
        "Viertelstunden sind halboffen [Beginn, Ende) und nach ihrem Beginn benannt. Sie liegen auf dem Raster der UTC; Tage und Monate sind Ortszeit (96 Viertelstunden je Tag, an Tagen der Zeitumstellung weniger oder mehr).",
        "Der Verbrauch ist die Summe aller Viertelstunden mit Wert. Aus Zählwerken gebildete Viertelstunden summieren sich zwischen zwei guten Ständen zum Vorschub des Zählwerks, ohne entfernte unmögliche Sprünge. Gestörte Viertelstunden sind mit dem Stand des Zählwerks enthalten und gesondert ausgewiesen; Höchstwerte stammen nie aus ihnen. Fehlende Werte zählen nirgends als null.",
        "Fehlend ist jede Viertelstunde ohne Wert, auch eine, die nie gesendet wurde; Abdeckung und Anteile beziehen sich auf alle Viertelstunden des Monats. Als noch nicht gemessen gilt eine Viertelstunde bis 5 Minuten nach ihrem Ende, gerechnet bis zum Datenstand.",
        "Ersatzwerte aus eigener Messung: Lücken bis 2 Stunden gleichmäßig, längere nach dem Mittel von bis zu drei Vergleichstagen der letzten 28 Tage (Werktag, Samstag, Sonn- und Feiertag), ohne Vergleichstag gleichmäßig; jeweils genau auf den Vorschub des Zählers skaliert. Nur gemessene Werte dienen als Vergleich. Importierte Viertelstunden tragen die Qualität, die ihre Datei nennt; nennt sie keine, gelten sie als gemessen.",
        "Energie wird in ganzen Mikrowattstunden gerechnet und erst für die Darstellung gerundet; die Summe gerundeter Werte kann abweichen.",
        "Grenzen: Genauigkeitsklasse und Kalibrierdatum der Zähler stehen nicht in der Anlagendatei. Wandlerfaktoren und Zählerwechsel mit Seriennummern stehen dort, soweit eingetragen, und sind in diesem Bericht nicht wiederholt; ihre Fassung belegt die Prüfsumme der Konfiguration. Die Prüfsummen belegen die Unversehrtheit gegenüber dem Manifest; Urheberschaft und Zeitpunkt belegen sie nicht.",
    ),
    "en": (
        "Quarter hours are half open [start, end) and named by their start. They lie on the grid of UTC; days and months are local time (96 quarter hours a day, fewer or more on days on which the clock changes).",
        "Consumption is the sum of all quarter hours with a value. Quarter hours made from a register sum to its advance between two good readings, without impossible steps that were removed. Faulty quarter hours are in it with what the register said, and are shown apart; maxima are never taken from them. Missing values count nowhere as zero.",
        "Missing is every quarter hour without a value, also one that was never sent; coverage and shares are of all quarter hours of the month. A quarter hour counts as not measured yet until 5 minutes after its end, reckoned up to the data cut-off.",
        "Substitutes of our own metering: gaps up to 2 hours evenly, longer ones by the mean of up to three reference days of the last 28 days (working day, Saturday, Sunday and holiday), evenly where there is none; scaled to sum exactly to the register's advance. Only measured values serve as reference. Imported quarter hours have the quality that their file states; where it states none they count as measured.",
        "Energy is calculated in whole micro-watt-hours and rounded for display only; sums of rounded values may differ.",
        "Limits: accuracy class and calibration date of the meters are not in the plant file. Transformer factors and meter exchanges with serial numbers are there as far as entered, and not repeated in this report; the checksum of the configuration proves which they were. The checksums prove that files and manifest belong together; they prove neither author nor time.",
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Words, numbers and instants in one language."""

    language: Language
    zone: ZoneInfo

    def __getitem__(self, key: str) -> str:
        return _WORDS[key][0 if self.language == "de" else 1]

    def say(self, key: str, **values: object) -> str:
        """The words with values filled in."""
        return self[key].format(**values)

    def either(self, prefix: str, key: str) -> str:
        """The word for a code, or the code itself where there is none."""
        return self[f"{prefix}.{key}"] if f"{prefix}.{key}" in _WORDS else key

    def number(self, value: Decimal | float | int, places: int = 0) -> str:
        """A number, rounded half up, thousands apart by thin spaces."""
        exact = value if isinstance(value, Decimal) else Decimal(repr(value))
        if not exact.is_finite():
            return self["unknown"]
        rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _ALL_DIGITS)
        text = f"{rounded + 0:,f}".replace(",", THIN).replace("-", "−")  # + 0: no negative zero
        return text.replace(".", ",") if self.language == "de" else text

    def money(self, amount_eur: float | None) -> str:
        """Euros with cents; a word where no tariff says how many: unknown is not zero."""
        return self["unknown"] if amount_eur is None else self.number(amount_eur, 2)

    def why(self, reason: str) -> str:
        """Why there is no bill, in this language where it is one of ours."""
        return next((self[key] for key in ("why.no_tariff", "why.no_meter") if _WORDS[key][1] == reason), reason)

    def energy(self, uwh: int, places: int = 0) -> str:
        """Micro-watt-hours as kWh."""
        return self.number(_ALL_DIGITS.divide(Decimal(uwh), Decimal(UWH_PER_KWH)), places)

    def percent(self, share: float, places: int = 2) -> str:
        """A share as percent; 100 only if nothing is missing, 0 only if nothing is there."""
        limit = Decimal(1).scaleb(-places)
        value = _ALL_DIGITS.quantize(Decimal(repr(share)) * 100, limit)
        if share < 1:
            value = min(value, 100 - limit)
        if share > 0:
            value = max(value, limit)
        return f"{self.number(value, places)}{THIN}%"

    def moment(self, instant_utc: datetime | None) -> str:
        """Date and time on the plant's wall clock; with the offset in the hour that comes twice."""
        if instant_utc is None:
            return "–"
        local = instant_utc.astimezone(self.zone)
        text = f"{local:%d.%m.%Y %H:%M}" if self.language == "de" else f"{local:%Y-%m-%d %H:%M}"
        twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        return f"{text} ({local:%z})" if twice else text

    def span(self, from_utc: datetime, to_utc: datetime) -> str:
        """From and to on the plant's wall clock with the zone's name, the date once where it is one day."""
        begin, end = from_utc.astimezone(self.zone), to_utc.astimezone(self.zone)
        first = f"{self.day(begin.date())} {begin:%H:%M}"
        if begin.tzname() != end.tzname():
            first += f" {begin:%Z}"
        second = f"{end:%H:%M %Z}" if begin.date() == end.date() else f"{self.day(end.date())} {end:%H:%M %Z}"
        return f"{first} – {second}"

    def lasting(self, duration: timedelta) -> str:
        """A span of time: minutes below two hours, hours below two days, else days."""
        minutes = duration // timedelta(minutes=1)
        if minutes < 120:
            return f"{minutes}{THIN}min"
        if minutes < 2 * 1440:
            return f"{self.number(Decimal(minutes) / 60, 0 if minutes % 60 == 0 else 2)}{THIN}h"
        return f"{self.number(Decimal(minutes) / 1440, 0 if minutes % 1440 == 0 else 1)}{THIN}d"

    def day(self, day: date) -> str:
        """A date."""
        return f"{day:%d.%m.%Y}" if self.language == "de" else day.isoformat()
