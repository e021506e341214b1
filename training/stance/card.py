"""Write the figures of a run into the model card: everything between the two marks is replaced, the prose stays.

Command (from the repository root)::

    python -m training.stance.card --tier fast --run ../run/stance-fast
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from training.stance.tiers import TIERS

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def run_figures(log: list[dict[str, Any]]) -> list[str]:
    """Describe the run in rows of a table: pairs seen, rate, time, loss, and development scores on the way."""
    losses = [row for row in log if row["event"] == "loss"]
    scores = [row for row in log if row["event"] == "dev"]
    rates = sorted(row["pairs_per_second"] for row in losses)
    median = rates[len(rates) // 2]
    lines = [
        (
            f"Pairs seen: {scores[-1]['seen']:,} in {scores[-1]['step']:,} steps. Rate: median {median} pairs/s "
            f"({rates[0]}–{rates[-1]}). Mean loss over the last minutes: {losses[-1]['loss']}."
        ),
        "",
        "| pairs seen | weights | mean macro-F1 (about 70 pairs of each set) | mean accuracy |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['seen']:,} | {row['weights']} | {row['mean_macro_f1']:.3f} | {row['mean_accuracy']:.3f} |"
        for row in scores
    ]
    return lines


def set_figures(report: dict[str, Any]) -> list[str]:
    """Return the table of the development sets and the calibration in words."""
    made = report["calibration"]
    lines = [
        "| set | n | classes | accuracy (95 %) | macro-F1 (95 %) | ECE on the half not fitted on (95 %) |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in report["sets"].items():
        cells = [
            f"{one[key]:.3f} ({one[key + '_95'][0]:.3f}–{one[key + '_95'][1]:.3f})"
            for key in ("accuracy", "macro_f1", "ece")
        ]
        lines.append(f"| {name} | {one['n']} | {one['classes']} | {' | '.join(cells)} |")
    lines += [
        "",
        f"Mean macro-F1 over the sets: {report['mean_macro_f1']:.3f}. Sets without a neutral class are scored two-way.",
        "",
        (
            f"Calibration ({made['date']}, {made['pairs']} pairs): temperature {made['temperature']}, "
            f"biases {tuple(made['biases'])}, support from "
            f"{made['support_threshold']}, conflict from {made['refute_threshold']}; ECE over the three-class sets, "
            f"each set and stance weighing the same: {made['ece_before']:.3f} before, {made['ece_after']:.3f} after."
        ),
        "",
        "Evidence of another claim (nothing in it bears on the claim), called support / called conflict: "
        + "; ".join(
            f"{kind.removeprefix('mined_')} {one['called_support']:.1%} / {one['called_conflict']:.1%} (n = {one['n']})"
            for kind, one in report["unrelated"].items()
        )
        + ".",
        "",
        "On the half not fitted on (three-class sets, each set and stance weighing the same):",
        "",
        "| threshold | support: precision | recall | conflict: precision | recall |",
        "|---|---|---|---|---|",
    ]
    against = {row["threshold"]: row for row in report["refutes_curve"]}
    for row in report["supports_curve"]:
        other = against.get(row["threshold"])
        tail = f"{other['precision']:.3f} | {other['recall']:.3f}" if other else "– | –"
        lines.append(f"| {row['threshold']} | {row['precision']:.3f} | {row['recall']:.3f} | {tail} |")
    return lines


def main() -> None:
    """Replace the figures in the card of the shipped model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--tier", choices=tuple(TIERS), default="fast")
    options = parser.parse_args()
    log = [json.loads(line) for line in (options.run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    report = json.loads((options.run / "report.json").read_text(encoding="utf-8"))
    card = TIERS[options.tier].shipped / "README.md"
    text = card.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    figures = "\n".join([*set_figures(report), "", "### The run", "", *run_figures(log)])
    card.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", encoding="utf-8")
    print(f"figures written to {card}")


if __name__ == "__main__":
    main()
