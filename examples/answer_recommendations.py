"""Read recommendations, print them, accept what the rule accepts: python answer_recommendations.py [BROKER [NAMESPACE]]."""

import json
import sys
from datetime import UTC, datetime

from kafka import KafkaConsumer, KafkaProducer

broker = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9092"
namespace = sys.argv[2] if len(sys.argv) > 2 else ""
reading = {
    "auto_offset_reset": "earliest",
    "enable_auto_commit": False,
    "isolation_level": "read_committed",
    "session_timeout_ms": 10_000,
}
reader = KafkaConsumer(f"{namespace}energy.recommendations.v1", bootstrap_servers=broker, group_id="my-controller", **reading)
writer = KafkaProducer(bootstrap_servers=broker, acks="all")
for message in reader:
    try:
        advice = json.loads(message.value)
    except ValueError:
        continue  # no JSON: nothing to answer
    print(*(advice[field] for field in ("recommendation", "status", "action", "reduction_kw", "saving_eur")), flush=True)
    now = datetime.now(UTC)
    is_open = advice["status"] == "open" and now <= datetime.fromisoformat(advice["valid_until_utc"])
    is_worth_it = (advice["saving_eur"] or 0) >= 500 and not advice["needs_works_council"]
    if is_open and is_worth_it:  # the rule; people decide on the others
        who = {"site": advice["site"], "recommendation": advice["recommendation"], "by": "my controller"}
        decision = {**who, "kind": "accepted", "at_utc": now.isoformat(), "reason": "none", "comment": "by rule"}
        writer.send(f"{namespace}energy.decisions.v1", key=message.key, value=json.dumps(decision).encode()).get(timeout=30)
    reader.commit()  # after the answer is kept: what was not answered is read again
