"""The figures of a report, drawn by matplotlib as SVG: each takes numbers of a summary and returns a picture.

Colours are few, differ in lightness, and never carry a meaning alone; every picture has its numbers beside it in the page.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

INK, MAIN, SECOND, LIGHT = "#222222", "#1f5a96", "#c2571a", "#9aa5b1"
WIDTH, HEIGHT = 4.2, 3.3


def drawn(draw: Callable[[Axes], None], *, width: float = WIDTH, height: float = HEIGHT) -> str:
    """Return what ``draw`` puts on an empty plot as SVG; the same numbers give the same bytes."""
    with mpl.rc_context(
        {
            "svg.fonttype": "path",
            "svg.hashsalt": "onrecord",
            "font.size": 9,
            "axes.edgecolor": LIGHT,
            "axes.labelcolor": INK,
            "axes.titlesize": 10,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "date.converter": "concise",
            "date.interval_multiples": False,
        }
    ):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure.add_subplot())
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def confusion(labels: Sequence[str], rows: Sequence[Sequence[int]]) -> str:
    """Draw counts by gold label (rows) and answer (columns), shaded by the share of the row."""
    used = [n for n in range(len(labels)) if sum(rows[n]) or sum(row[n] for row in rows)]
    counts = [[rows[a][b] for b in used] for a in used]
    shares = [[count / max(1, sum(row)) for count in row] for row in counts]
    names = [labels[n].replace("_", " ") for n in used]

    def draw(axes: Axes) -> None:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
        for a, row in enumerate(counts):
            for b, count in enumerate(row):
                shade = "white" if shares[a][b] > 0.6 else INK  # noqa: PLR2004  readable on dark
                weight = "bold" if a == b else "normal"
                axes.text(b, a, f"{count}\n{shares[a][b]:.0%}", ha="center", va="center", color=shade, weight=weight)
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(len(names)), [f"{name}\nn = {sum(row)}" for name, row in zip(names, counts, strict=True)])
        axes.set_xlabel("answer")
        axes.set_ylabel("gold")
        axes.set_title("Answers by gold label")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)

    return drawn(draw)


def reliability(bins: Sequence[Mapping[str, float]], ece: float) -> str:
    """Draw how often answers of each confidence are right; dots on the line are honest, their area is the number of items."""

    def draw(axes: Axes) -> None:
        total = sum(row["n"] for row in bins)
        axes.plot([0, 1], [0, 1], color=LIGHT, linestyle="--", linewidth=1)
        axes.plot([row["confidence"] for row in bins], [row["accuracy"] for row in bins], color=MAIN, linewidth=1)
        axes.scatter(
            [row["confidence"] for row in bins],
            [row["accuracy"] for row in bins],
            s=[15 + 350 * row["n"] / total for row in bins],
            color=MAIN,
            alpha=0.75,
            zorder=3,
        )
        for row in bins:
            axes.annotate(
                f"{row['n']:.0f}",
                (row["confidence"], row["accuracy"]),
                textcoords="offset points",
                xytext=(0, 11),
                ha="center",
                fontsize=7,
            )
        axes.set(xlim=(0, 1), ylim=(0, 1.08), xlabel="stated confidence", ylabel="share that is right")
        axes.set_title(f"Reliability (ECE {ece:.3f}; numbers: items)")

    return drawn(draw)


def risk_coverage(curve: Sequence[Sequence[float]], aurc: float) -> str:
    """Draw the share of wrong answers when only the most confident share of the items is answered."""

    def draw(axes: Axes) -> None:
        coverage, risk = [point[0] for point in curve], [point[1] for point in curve]
        axes.fill_between(coverage, risk, color=MAIN, alpha=0.12)
        axes.plot(coverage, risk, color=MAIN)
        axes.axhline(risk[-1], color=LIGHT, linestyle="--", linewidth=1)
        axes.annotate(f"answering all: {risk[-1]:.2f}", (0.02, risk[-1]), xytext=(0, 3), textcoords="offset points")
        axes.set(xlim=(0, 1), ylim=(0, max(0.6, *risk) * 1.05), xlabel="share answered", ylabel="share wrong of these")
        axes.set_title(f"Risk and coverage (area {aurc:.3f})")

    return drawn(draw)


def recall(series: Mapping[str, Mapping[int, float]]) -> str:
    """Draw recall at each depth of the search, with each retriever alone beside it."""
    styles = [(MAIN, "-", "o"), (SECOND, "--", "s"), (LIGHT, ":", "^")]

    def draw(axes: Axes) -> None:
        depths = sorted({depth for values in series.values() for depth in values})
        lowest = min(value for values in series.values() for value in values.values())
        for (name, values), (colour, line, marker) in zip(series.items(), styles, strict=False):
            places = [depths.index(depth) for depth in values]
            axes.plot(places, list(values.values()), color=colour, linestyle=line, marker=marker, label=name)
        axes.set_xticks(range(len(depths)), [str(depth) for depth in depths])
        axes.set(ylim=(min(0.5, lowest) - 0.05, 1.02), xlabel="documents looked at (k)", ylabel="recall@k")
        axes.legend(frameon=False, loc="lower right")
        axes.set_title("Recall by depth")

    return drawn(draw)


def latency(edges: Sequence[float], counts: Sequence[int], p50: float, p95: float) -> str:
    """Draw how long claims took."""

    def draw(axes: Axes) -> None:
        axes.stairs(counts, edges, fill=True, color=MAIN, alpha=0.55)
        top = max(counts) * 1.18
        # The lower name lies lower, so that two that are near do not overlap.
        for value, name, line, height in ((p50, "median", "-", 0.9), (p95, "95 %", "--", 1.0)):
            axes.axvline(value, color=INK, linestyle=line, linewidth=1)
            axes.annotate(f" {name} {value:.2f} s", (value, top * height), va="top", fontsize=8)
        axes.set(xlim=(0, max(edges[-1] * 1.15, 1e-3)), ylim=(0, top), xlabel="seconds for a claim", ylabel="claims")
        axes.set_title("Time for a claim")

    return drawn(draw)


def history(lines: Mapping[str, Sequence[tuple[dt.datetime, float]]], figure: str) -> str:
    """Draw one figure of several entries over time, each line named at its end; names that would overlap are moved apart."""

    def draw(axes: Axes) -> None:
        ends: list[tuple[float, str, str]] = []
        for number, (name, points) in enumerate(lines.items()):
            colour = (MAIN, SECOND, "#4a4a4a", "#3d8b6d", "#8a5ca8")[number % 5]
            times = np.array([time.replace(tzinfo=None) for time, _ in points], dtype="datetime64[s]")
            marker = "osD^v"[(number // 5 + number) % 5]
            axes.plot(times, [value for _, value in points], color=colour, marker=marker, markersize=4, linewidth=1.2)
            ends.append((points[-1][1], f"{name} {points[-1][1]:.3f}", colour))
        low, high = axes.get_ylim()
        low, high = max(0.0, low - 0.05), min(1.05, high + 0.05)
        axes.set(ylim=(low, high), ylabel=figure.rsplit(": ", maxsplit=1)[-1])
        gap = (high - low) * 0.17 / (_history_height(len(lines)) - 1.0)
        place = low - gap
        for value, name, colour in sorted(ends):
            place = max(value, place + gap)
            axes.annotate(
                name,
                (1.0, value),
                xycoords=("axes fraction", "data"),
                xytext=(1.03, place),
                textcoords=("axes fraction", "data"),
                va="center",
                fontsize=8,
                color=colour,
                annotation_clip=False,
            )
        locator = AutoDateLocator(minticks=2, maxticks=5)  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        axes.grid(axis="y", color="#e4e7ea")
        axes.set_title(figure)

    return drawn(draw, width=6.4, height=_history_height(len(lines)))


def _history_height(lines: int) -> float:
    """Return inches that leave room for every line's name."""
    return max(2.4, 0.18 * lines + 1.2)
