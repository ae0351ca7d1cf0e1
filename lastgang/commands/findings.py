"""``lastgang findings``: anomalies and what people report of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.feedback import FeedbackKind
from lastgang.options import broker_options

if TYPE_CHECKING:
    from domain.anomalies import Anomaly
    from domain.feedback import Feedback, Standing
    from domain.plant import Plant

_LIST_EPILOG = """\b
Example:
  lastgang findings list --plant my-plant
"""
_FEEDBACK_EPILOG = """\b
Example:
  lastgang findings feedback --plant my-plant --json
"""
_plant = click.option("--plant", "folder", type=click.Path(path_type=Path), required=True, help="Folder with plant.toml.")
_language = click.option("--language", type=click.Choice(["en", "de"]), default="en", show_default=True, help="Of the sentences.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON record a line, as on the topic.")


@click.group("findings")
def command() -> None:
    """Anomalies: list what is open, report it as normal, known or fixed, and take that back."""


@command.command("list", epilog=_LIST_EPILOG)
@_plant
@click.option("--all", "with_ended", is_flag=True, help="With those that ended.")
@_json
@_language
@broker_options
def list_command(folder: Path, with_ended: bool, as_json: bool, language: str, kafka: str | None, namespace: str | None) -> None:
    """List what is abnormal, the most expensive first, each with its id, cost, feedback and sentences."""
    from connectors.kafka.feedback import anomalies_on_topic
    from deploy.whereabouts import Whereabouts
    from domain.plant import load_plant

    plant = load_plant(folder / "plant.toml")
    known = anomalies_on_topic(Whereabouts(folder).kafka(kafka, namespace)).values()
    found = [one for one in known if one.site == plant.site.id and (with_ended or one.until_utc is None)]
    found.sort(key=lambda one: (one.until_utc is not None, -(one.eur_per_day or 0.0), -one.excess_kwh, one.anomaly))
    for anomaly in found:
        click.echo(_as_json(anomaly) if as_json else _described(anomaly, plant, language))
    if not found and not as_json:
        click.echo("nothing is open", err=True)


@command.command("feedback", epilog=_FEEDBACK_EPILOG)
@_plant
@_json
@broker_options
def feedback_command(folder: Path, as_json: bool, kafka: str | None, namespace: str | None) -> None:
    """List who reported what of which anomaly and when, the newest first, and what of it holds."""
    from connectors.kafka.feedback import feedback_on_topic
    from deploy.whereabouts import Whereabouts
    from domain.feedback import standing_by_anomaly
    from domain.plant import load_plant

    site = load_plant(folder / "plant.toml").site
    reports = [one for one in feedback_on_topic(Whereabouts(folder).kafka(kafka, namespace)) if one.site == site.id]
    standing = standing_by_anomaly(reports)
    for one in sorted(dict.fromkeys(reports), key=lambda one: one.at_utc, reverse=True):
        holds = one.kind is not FeedbackKind.TAKEN_BACK and standing[one.anomaly].holds == one.given
        at = f"{one.at_utc.astimezone(site.zone):%Y-%m-%d %H:%M}"
        words = [
            at,
            one.kind.value,
            one.anomaly,
            one.by,
            *([one.comment] if one.comment else []),
            *([] if holds else ["holds no longer"]),
        ]
        click.echo(_as_json(one) if as_json else "  ".join(words))


def _reporting(name: str, kind: FeedbackKind, says: str) -> None:
    """Add the command that reports `kind`."""

    @command.command(
        name,
        help=says,
        epilog=f'\b\nExample:\n  lastgang findings {name} furnace-1/left_on/1792756800 --plant my-plant --by "M. Adler"\n',
    )
    @click.argument("anomaly")
    @_plant
    @click.option("--by", required=True, help="Name of the person.")
    @click.option("--comment", default="", help="Why, for those who read it later.")
    @broker_options
    def report(anomaly: str, folder: Path, by: str, comment: str, kafka: str | None, namespace: str | None) -> None:
        _report(anomaly, kind, by.strip(), comment.strip(), folder, {"kafka": kafka, "namespace": namespace})


_reporting("normal", FeedbackKind.NORMAL, "Report ANOMALY as normal: it ends, and the like of it is silent from then on.")
_reporting(
    "known",
    FeedbackKind.KNOWN,
    "Report ANOMALY as known: it stays open, and is published again only when it costs much more or ends.",
)
_reporting("fixed", FeedbackKind.FIXED, "Report ANOMALY as fixed: it ends, and opens again if it is still found two hours later.")
_reporting("take-back", FeedbackKind.TAKEN_BACK, "Take back what was reported of ANOMALY last, as if it had never been reported.")


def _report(anomaly: str, kind: FeedbackKind, by: str, comment: str, folder: Path, broker: dict[str, Any]) -> None:
    from connectors.kafka.client import ensure_topics
    from connectors.kafka.feedback import anomalies_on_topic, feedback_on_topic, send_feedback
    from deploy.whereabouts import Whereabouts
    from domain.clock import process_clock
    from domain.codec import UnreadableRecord, decode, encode
    from domain.feedback import Feedback, Standing, standing_by_anomaly
    from domain.feedback_rules import checked
    from domain.plant import load_plant

    site = load_plant(folder / "plant.toml").site.id
    try:  # read back as every reader will: bounds and characters are checked before anything is sent
        wanted = decode(Feedback, encode(Feedback(site, anomaly, anomaly, kind, by, process_clock().now_utc(), comment)))
    except UnreadableRecord as error:
        raise click.BadParameter(str(error)) from error
    settings = Whereabouts(folder).kafka(broker["kafka"], broker["namespace"])
    ensure_topics(settings)
    known = anomalies_on_topic(settings).get(anomaly)
    standing: Standing = standing_by_anomaly(feedback_on_topic(settings)).get(anomaly, Standing())
    feedback = checked(known if known is not None and known.site == site else None, standing, wanted)
    if feedback is None:
        click.echo(f"{anomaly} is {kind} already; nothing was sent")
        return
    send_feedback(settings, [feedback])
    click.echo(f"{anomaly}: {kind}, reported by {by}")


def _as_json(record: Anomaly | Feedback) -> str:
    from domain.codec import encode

    return encode(record).decode()


def _described(anomaly: Anomaly, plant: Plant, language: str) -> str:
    from words.sentences import anomaly_text, names_of
    from words.speech import of_page

    words = of_page(language, plant.site.zone)
    risk = anomaly.kind.risk
    amount = f"{anomaly.kwh_per_day:.0f} kWh" if anomaly.eur_per_day is None else f"{anomaly.eur_per_day:.2f} EUR"
    severity = (
        words.fill("findings.a_day", amount=amount) if risk is None else words.fill("findings.risk", risk=words[f"risk.{risk}"])
    )
    given = anomaly.feedback
    feedback = "" if given is None else f"  [{words[f'feedback.{given.kind}']}: {given.by}]"
    ended = "" if anomaly.until_utc is None else f"  ({words.moment(anomaly.until_utc)})"
    text = anomaly_text(anomaly, words, names_of(plant))
    return f"{anomaly.anomaly}  {words[f'anomaly.{anomaly.kind}']}  {severity}{feedback}{ended}\n    {text}"
