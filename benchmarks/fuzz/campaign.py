"""The campaign: inputs in a child process, a watcher beside it, and what was found by kind and place."""

from __future__ import annotations

import multiprocessing
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from benchmarks.fuzz.target import READ, Target, Wrong, input_of

ROOT = Path(__file__).parents[2]
TARGETS = {
    "modbus": "benchmarks.fuzz.modbus",
    "sockets": "benchmarks.fuzz.sockets",
    "json": "benchmarks.fuzz.json_records",
    "columns": "benchmarks.fuzz.columns",
    "consumers": "benchmarks.fuzz.consumers",
    "opcua": "benchmarks.fuzz.opcua",
    "lines": "benchmarks.fuzz.json_lines",
    "toml": "benchmarks.fuzz.toml_files",
    "profiles": "benchmarks.fuzz.profiles",
}
"""Target -> the module that holds it as `TARGET`."""

Kind = Literal["crash", "wrong", "slow", "hang", "died"]
SLOW_S = 2.0
"""More CPU time than this for one input is a finding: a gateway has other meters to read."""
HANG_S = 30.0
"""A child that has not come on for so long is ended, and its input is named."""
START_S = 120.0
"""For the imports of a child, which a busy machine stretches."""
_NOT_BEGUN = -1
_BATCH = 2_000
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One input that must not have done what it did; `seed` and `number` make it again."""

    target: str
    seed: int
    number: int
    kind: Kind
    where: str
    """Findings of one kind and place are counted together."""
    detail: str
    input: str


@dataclass(slots=True)
class Tally:
    """What became of one target's inputs."""

    inputs: int = 0
    read: int = 0
    refused: int = 0
    cpu_s: float = 0.0
    slowest_s: float = 0.0
    findings: Counter[str] = field(default_factory=Counter)
    examples: list[Finding] = field(default_factory=list)

    def found(self, finding: Finding) -> None:
        """Count a finding; the first few of a kind and place are kept whole."""
        key = f"{finding.kind} {finding.where}"
        self.findings[key] += 1
        if self.findings[key] <= _EXAMPLES:
            self.examples.append(finding)

    def add(self, other: Tally) -> None:
        """Take over another tally of the same target."""
        self.inputs, self.read, self.refused = self.inputs + other.inputs, self.read + other.read, self.refused + other.refused
        self.cpu_s, self.slowest_s = self.cpu_s + other.cpu_s, max(self.slowest_s, other.slowest_s)
        known = dict(self.findings)
        self.findings.update(other.findings)
        self.examples += [one for one in other.examples if known.get(f"{one.kind} {one.where}", 0) < _EXAMPLES]


def target_named(name: str) -> Target:
    """The target called `name`, or the one in the module that is called so."""
    target: Target = import_module(TARGETS.get(name, name)).TARGET
    return target


def try_one(target: Target, seed: int, number: int, tally: Tally) -> None:
    """Make one input, have it answered, and count what came of it."""
    given = input_of(target, seed, number)
    began = time.thread_time()
    try:
        detail = target.answer(given)
    except Wrong as error:
        tally.found(_finding(target, seed, number, "wrong", _place(error, "answer"), str(error), given))
    except Exception as error:
        text = "".join(traceback.format_exception_only(error)).strip()[:300]
        place = f"{type(error).__name__} {_place(error, '')}"
        tally.found(_finding(target, seed, number, "crash", place, text, given))
    else:
        tally.read += detail == READ
        tally.refused += detail != READ
    took = time.thread_time() - began
    tally.inputs += 1
    tally.cpu_s += took
    tally.slowest_s = max(tally.slowest_s, took)
    if took > SLOW_S:
        tally.found(_finding(target, seed, number, "slow", "answer", f"{took:.1f} s of CPU time", given))


def _finding(target: Target, seed: int, number: int, kind: Kind, where: str, detail: str, given: Any) -> Finding:
    return Finding(target.name, seed, number, kind, where, detail[:600], repr(given)[:1_500])


def _place(error: Exception, fallback: str) -> str:
    """Where in our own code it was raised: the innermost line of the repository."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _ours(frame.filename)]
    if isinstance(error, Wrong):
        frames = frames[:-1]  # `must` itself
    return f"{Path(frames[-1].filename).relative_to(ROOT)}:{frames[-1].lineno}" if frames else fallback


def _ours(file: str) -> bool:
    return Path(file).is_relative_to(ROOT) and not Path(file).is_relative_to(ROOT / ".venv")


def run(
    name: str,
    seed: int,
    numbers: range,
    hang_s: float = HANG_S,
    on_done: Callable[[int], None] = lambda done: None,
) -> Tally:
    """Put inputs `numbers` of one target before it, in a child process that may crash or hang.

    Whatever ends the child (a segmentation fault, no memory) or stops it is a finding about the input it had; the next one goes on
    after it.
    """
    whole = Tally()
    context = multiprocessing.get_context("spawn")
    waiting = [numbers]
    while waiting:
        part = waiting.pop()
        ours, theirs = context.Pipe(duplex=False)
        progress = context.Value("q", _NOT_BEGUN, lock=False)
        child = context.Process(target=_work, args=(name, seed, part, progress, theirs), daemon=True)
        child.start()
        theirs.close()
        done = part.start
        for tally in _heard(ours, child, progress, hang_s):
            whole.add(tally)
            done += tally.inputs
            on_done(whole.inputs)
        if done < part.stop:
            lost = max(part.start, progress.value)
            whole.add(_lost(name, seed, lost, child.exitcode))
            # What it had done since its last word goes with it, and is done again.
            waiting += [rest for rest in (range(lost + 1, part.stop), range(done, lost)) if rest]
    return whole


def _heard(ours: Any, child: Any, progress: Any, hang_s: float) -> Iterator[Tally]:
    """Tallies of finished batches, until the child is done, dead or stuck."""
    seen, since = _NOT_BEGUN, time.monotonic()
    while True:
        try:
            while ours.poll(0.25):
                yield ours.recv()
        except EOFError:
            break
        if progress.value != seen:
            seen, since = progress.value, time.monotonic()
        if time.monotonic() - since > (START_S if seen == _NOT_BEGUN else hang_s):
            child.kill()
            break
    child.join()


def _lost(name: str, seed: int, number: int, exitcode: int | None) -> Tally:
    target = target_named(name)
    kind: Kind = "hang" if exitcode == -9 else "died"
    tally = Tally(inputs=1)
    given = input_of(target, seed, number)
    tally.found(_finding(target, seed, number, kind, "answer", f"the process ended with {exitcode}", given))
    return tally


def _work(name: str, seed: int, numbers: range, progress: Any, results: Any) -> None:
    target = target_named(name)
    tally = Tally()
    for number in numbers:
        progress.value = number
        try_one(target, seed, number, tally)
        if tally.inputs == _BATCH:
            results.send(tally)
            tally = Tally()
    results.send(tally)


def shares(names: Sequence[str], inputs: int) -> dict[str, int]:
    """How many of `inputs` each target gets; at least one."""
    weights = {name: target_named(name).share for name in names}
    return {name: max(1, round(inputs * weight / sum(weights.values()))) for name, weight in weights.items()}


def summary(seed: int, tallies: dict[str, Tally]) -> dict[str, Any]:
    """The result as JSON."""
    return {
        "seed": seed,
        "inputs": sum(tally.inputs for tally in tallies.values()),
        "findings": sum(sum(tally.findings.values()) for tally in tallies.values()),
        "cpu_s": round(sum(tally.cpu_s for tally in tallies.values()), 1),
        "targets": {
            name: {
                "inputs": tally.inputs, "read": tally.read, "refused": tally.refused, "cpu_s": round(tally.cpu_s, 1),
                "slowest_ms": round(1000 * tally.slowest_s, 1), "findings": dict(tally.findings.most_common()),
                "examples": [asdict(example) for example in tally.examples],
            }
            for name, tally in tallies.items()
        },
    }  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """The result for people: a line a target, then a line a kind of finding with its first input."""
    lines = [f"{'target':<10}{'inputs':>11}{'read':>11}{'refused':>11}{'findings':>10}{'CPU us each':>13}{'slowest ms':>12}"]
    for name, tally in result["targets"].items():
        each_us = 1e6 * tally["cpu_s"] / max(1, tally["inputs"])
        found = sum(tally["findings"].values())
        lines.append(
            f"{name:<10}{tally['inputs']:>11,}{tally['read']:>11,}{tally['refused']:>11,}{found:>10,}{each_us:>13.0f}{tally['slowest_ms']:>12.1f}"
        )
    for name, tally in result["targets"].items():
        for key, count in tally["findings"].items():
            first = next(one for one in tally["examples"] if f"{one['kind']} {one['where']}" == key)
            lines.append(f"\n{name}: {key}: {count:,} times, first at --seed {first['seed']} --input {first['number']}")
            lines.append(f"  {first['detail']}\n  {first['input'][:400]}")
    return "\n".join(lines)
