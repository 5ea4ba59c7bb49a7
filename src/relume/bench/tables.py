"""Markdown from ``results/*.json``, between markers, so that no number in a document is typed by hand.

    <!-- table: images -->
    ...generated...
    <!-- /table -->

``update`` writes every marked table of a document anew; ``stale`` says which would change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from relume.bench import papers
from relume.bench.markdown import count, markdown, number
from relume.bench.results import read
from relume.signal import UsageError

MARKED = re.compile(r"(<!-- table: ([a-z0-9-]+) -->\n)(.*?)(<!-- /table -->)", re.DOTALL)
Rows = Sequence[Mapping[str, Any]]
EQUAL = "equal-"
"""What the name of a system begins with where it was trained by the equal budget."""


def by_model(rows: Rows) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Rows by model, then by set, in the order of the file."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["model"], {})[row["set"]] = row
    return found


def sets_of(rows: Rows) -> list[str]:
    """The sets in the order of the file."""
    return list(dict.fromkeys(row["set"] for row in rows))


def images(rows: Rows) -> str:
    """PSNR-Y / SSIM-Y / LPIPS (AlexNet) by set, then parameters, operations and time."""
    sets = sets_of(rows)
    header = ["model", *(f"{name}: PSNR-Y / SSIM-Y / LPIPS" for name in sets)]
    header += ["parameters", "MACs per output pixel", "time over bicubic"]
    lines = []
    for model, found in by_model(rows).items():
        cells = [
            f"{row['psnr_y']:.2f} / {row['ssim_y']:.4f} / {number(row['lpips_alex'], 3)}" if row else "–"
            for row in (found.get(name) for name in sets)
        ]
        row = next(iter(found.values()))
        slower = number(row.get("time_over_bicubic"), 1) + "x" if row.get("time_over_bicubic") else "–"
        lines.append([model, *cells, count(row["parameters"]), count(row["macs_per_output_pixel"]), slower])
    return markdown(header, lines)


def details(rows: Rows) -> str:
    """One line a model and set: means with their 95 % intervals, PSNR-RGB and both LPIPS."""
    names = ("psnr_y", "ssim_y", "psnr_rgb", "lpips_alex", "lpips_vgg")
    digits = (2, 4, 2, 3, 3)
    lines = []
    for row in rows:
        cells = []
        for name, places in zip(names, digits, strict=True):
            low, high = row["interval_95"].get(name, (None, None))
            span = "" if low is None else f" [{low:.{places}f}, {high:.{places}f}]"
            cells.append(number(row[name], places) + span)
        lines.append([row["model"], row["set"], str(row["n"]), *cells])
    return markdown(["model", "set", "n", "PSNR-Y", "SSIM-Y", "PSNR-RGB", "LPIPS (AlexNet)", "LPIPS (VGG)"], lines)


def gains(rows: Rows) -> str:
    """PSNR-Y over bicubic in dB: ours with the paired 95 % interval, the original papers', and the paper's own."""
    sets = sets_of(rows)
    header = ["model"]
    for name in sets:
        header += [f"{name}: here", "original", "Wang et al."]
    lines = []
    for model, found in by_model(rows).items():
        cells = [model]
        for name in sets:
            row = found.get(name)
            cells.append(_gain(row) if row else "–")
            for table in (papers.ORIGINAL, papers.COMPARED):
                known = name in papers.SETS
                system = model.removeprefix(EQUAL)
                cells.append(number(papers.gain(table, system, name) if known else None, 2, sign=True))
        lines.append(cells)
    return markdown(header, lines)


def _gain(row: Mapping[str, Any]) -> str:
    if "gain_psnr_y" not in row:
        return "–"
    low, high = row["gain_interval_95"]
    return f"{row['gain_psnr_y']:+.2f} [{low:+.2f}, {high:+.2f}]"


def printed(rows: Rows) -> str:
    """PSNR / SSIM at x4 as printed elsewhere; needs no results."""
    lines = []
    for table, title in ((papers.ORIGINAL, "original"), (papers.COMPARED, "Wang et al.")):
        for entry in table:
            cells = [f"{f[0]:.2f} / {f[1]:.4f}" if f else "–" for f in entry.figures]
            lines.append([entry.model, title, *cells])
    return markdown(["model", "printed by", *papers.SETS], lines)


def speed(rows: Rows) -> str:
    """Each ratio with what it divides by what."""
    lines = [[row["what"], f"{row['ratio']:.2f}", row["of"], row["over"]] for row in rows]
    return markdown(["what", "ratio", "of", "over"], lines)


def photographs(rows: Rows) -> str:
    """One line a model and set of a task for photographs, ours in bold."""
    header = ["model", "set", "n", "PSNR", "SSIM", "LPIPS", "ΔE2000", "colourfulness / truth's"]
    header += ["colour gone wrong", "PSNR in texture", "worse than input"]
    extra = {"mask_iou": "mask IoU", "hint_delta_e": "ΔE within 40 px of a hint"}
    more = [name for name in extra if any(name in row for row in rows)]
    given = {row["set"]: row["pictures"] for row in rows if row["role"] == "input"}
    lines = []
    for row in rows:
        cells = [
            number(row["psnr"], 2),
            number(row["ssim"], 4),
            number(row["lpips_alex"], 4),
            number(row["delta_e"], 2),
        ]
        cells.append(number(row["colourfulness"] / max(row["colourfulness_truth"], 1e-9), 2))
        worse = [scores["psnr"] < given[row["set"]][name]["psnr"] for name, scores in row["pictures"].items()]
        cells.append(f"{100 * row['artefacts']:.1f} %")
        cells.append(number(row["psnr_textured"], 2))
        cells.append("–" if row["role"] == "input" else f"{100 * sum(worse) / len(worse):.0f} %")
        name = f"**{row['model']}**" if row["role"] == "ours" else row["model"]
        lines.append([name, row["set"], str(row["n"]), *cells, *(number(row.get(key), 2) for key in more)])
    return markdown([*header, *(extra[name] for name in more)], lines)


def photo_speed(rows: Rows) -> str:
    """Processor time of each task on one megapixel, and by how much the paper's network takes longer."""
    lines = []
    for row in rows:
        times = f"{row['times_faster']:.1f}" if "times_faster" in row else "–"
        lines.append([row["task"], f"{row['megapixels']:.2f}", f"{row['processor_seconds']:.2f} s", times])
    return markdown(["task", "megapixels", "processor time", "times faster than the paper's network"], lines)


def chart(rows: Rows) -> str:
    """What a chart in the frame is worth: CIEDE2000 with its 95 % interval, and the share of pictures below 5."""
    lines = [
        [
            f"{row['set']} ({row['n']}), {row['model']}",
            f"{row['delta_e']:.2f} ({row['delta_e_interval_95'][0]:.2f} to {row['delta_e_interval_95'][1]:.2f})",
            f"{100 * row['below_5']:.0f} %",
        ]
        for row in rows
    ]
    return markdown(["set and way", "mean CIEDE2000 (95 %)", "pictures below 5"], lines)


def moved(rows: Rows) -> str:
    """How far relics as they are get moved."""
    lines = [
        [
            row["model"],
            f"{row['delta_e']:.2f} ({row['delta_e_median']:.2f})",
            f"{100 * row['still']:.0f} %",
            f"{row['colourfulness_ratio']:.2f}",
        ]
        for row in rows
    ]
    header = [f"{rows[0]['n']} relics as they are", "moved by CIEDE2000, mean (median)", "moved by less than 1"]
    return markdown([*header, "colourfulness, times"], lines)


def gigapixel(rows: Rows) -> str:
    """Memory, time and seam of the change of colour on a mural."""
    lines = [
        [
            f"{row['side']}x{row['side']}, 16 bit",
            f"{row['peak_bytes'] / (1 << 20):.0f} MiB",
            f"{row['seconds']:.0f} s",
            f"{row['seam_of_65535']} of 65535",
        ]
        for row in rows
    ]
    return markdown(["mural", "peak of the process", "time", "largest difference from one table"], lines)


def realism(rows: Rows) -> str:
    """The dial: fidelity and perceptual distance at each setting."""
    lines = [
        [f"{row['realism']:.2f}", row["set"], number(row["psnr_y"], 2), number(row["lpips_alex"], 4)] for row in rows
    ]
    return markdown(["realism", "set", "PSNR-Y", "LPIPS (AlexNet)"], lines)


def relics(rows: Rows) -> str:
    """Aged relics and fresh pictures by set and model; colourfulness with the truth's."""
    lines = [
        [
            f"{row['set']} x{row['scale']}: {row['model']}",
            "–" if row["scale"] == 1 else number(row["psnr_rgb"], 2),
            number(row["ssim_rgb"], 3),
            number(row["lpips_alex"], 3),
            number(row["delta_e"], 2),
            f"{row['colourfulness']:.1f} ({row['colourfulness_truth']:.1f})",
        ]
        for row in rows
    ]
    return markdown(["", "PSNR-RGB", "SSIM", "LPIPS (AlexNet)", "dE2000", "colourfulness (truth's)"], lines)


def relic_bars(rows: Rows) -> str:
    """What the aged pictures gain over bicubic, by set and model, and by how much fresh ones are moved."""
    lines = [
        [
            f"{row['set']}: {row['model']}",
            f"{100 * (1 - row['delta_e_over_bicubic']):.0f} %",
            number(row["gain_psnr"], 2, sign=True),
            number(row["lpips_over_bicubic"], 2),
        ]
        for row in rows
        if "gain_psnr" in row and row["model"] != "bicubic"
    ]
    fresh = [f"{row['model']} {row['delta_e']:.2f}" for row in rows if row["scale"] == 1 and row["model"] != "bicubic"]
    table = markdown(["", "dE2000 lower by (bar 40 %)", "PSNR gained (bar 3 dB)", "LPIPS left (bar 0.5)"], lines)
    return f"{table}\n\nFresh pictures at x1, dE2000 (bar 2): {'; '.join(fresh)}."


def critics(rows: Rows) -> str:
    """PatchGAN against SRGAN's discriminator."""
    lines = [[row["critic"], count(row["parameters"]), count(row["macs_96"]), row["note"]] for row in rows]
    return markdown(["critic", "parameters", "MACs of a 96x96 patch", ""], lines)


def memory(rows: Rows) -> str:
    """Training memory with and without batch normalisation."""
    lines = [[row["net"], f"{row['bytes'] / 1e6:.0f} MB", f"{100 * row['saved']:.0f} %"] for row in rows]
    return markdown(["generator", "training memory", "saved"], lines)


def footprint(rows: Rows) -> str:
    """Start-up, the 16-bit ramp, what shortcuts lose, memory: one line each."""
    return markdown(["what", "figure"], [_footprint(row) for row in rows])


def _footprint(row: Mapping[str, Any]) -> list[str]:
    if row["what"] == "start-up":
        return [
            f"`relume restore` of a {row['picture']} x{row['scale']}, over `import numpy`",
            f"{row['ratio']:.1f} times",
        ]
    if row["what"] == "whole command over its network":
        return [
            f"`relume restore` of a {row['picture']} x{row['scale']}, over its network",
            f"{row['ratio']:.2f} times",
        ]
    if row["what"] == "16-bit ramp":
        state = "monotone" if row["monotone"] else f"steps back by {row['deepest_step_back_of_65535']}"
        return [
            f"16-bit ramp x{row['scale']}: furthest from straight",
            f"{row['largest_error_of_65535']:.0f}/65535, {state}",
        ]
    asked = row.get("precision", "auto")
    how = "" if asked == "auto" else f", --precision {asked}"
    if row["what"] == "memory":
        what = f"peak memory, {row['megapixels_in']:.0f} MP 16-bit TIFF x{row['scale']}{how}"
        return [what, f"{row['peak_bytes'] / (1 << 30):.2f} GiB"]
    return [f"PSNR-Y lost to precision and tiles, {row['set']} x{row['scale']}{how}", f"{row['lost_db']:.4f} dB"]


def attacks(rows: Rows) -> str:
    """Every attack on a scheme: bits for each position, the worst position, its interval, positions outside of it."""
    lines = []
    for attack in rows[0]["attacks"]:
        if "accepted" in attack:
            lines.append(
                [attack["name"], attack["knowledge"], "", f"{attack['accepted']} of {attack['tried']}", "", ""]
            )
            continue
        interval = f"{attack['low']:.4f} to {attack['high']:.4f}"
        outside = f"{attack['outside']} of {attack['positions']}"
        bits = f"{attack['bits']:,}"
        lines.append([attack["name"], attack["knowledge"], bits, number(attack["ber_worst_bit"], 4), interval, outside])
    told = rows[0]["distinguisher"]
    table = markdown(["attack", "knows", "bits a position", "worst bit", "at 99.9 %", "outside 1/2"], lines)
    right = f"right on {told['accuracy']:.4f} of {told['waveforms']:,} ({told['low']:.4f} to {told['high']:.4f})"
    return f"{rows[0]['scheme']}; the distinguisher is {right}.\n\n{table}"


def camouflage(rows: Rows) -> str:
    """How often a trained classifier tells a scheme's waveform from its target."""
    lines = [
        [
            f"{row['scheme']} against {row.get('target', 'gaussian')}",
            "none" if row["snr_db"] == "none" else f"{row['snr_db']} dB",
            f"{row['windows']:,}",
            number(row["accuracy"], 3),
            f"{row['low']:.3f} to {row['high']:.3f}",
        ]
        for row in rows
    ]
    return markdown(["", "noise", "windows", "accuracy (bar 0.55)", "at 95 %"], lines)


TABLES: dict[str, tuple[str | None, Callable[[Rows], str]]] = {
    "images": ("images-x4.json", images),
    "images-x2": ("images-x2.json", images),
    "images-x3": ("images-x3.json", images),
    "images-found": ("images-x4-found.json", images),
    "images-details": ("images-x4.json", details),
    "gains": ("images-x4.json", gains),
    "equal-budget": ("equal-budget.json", images),
    "equal-budget-gains": ("equal-budget.json", gains),
    "equal-budget-quartet": ("equal-budget-quartet.json", images),
    "designs": ("designs.json", images),
    "recursion": ("recursion.json", images),
    "printed": (None, printed),
    "relic": ("relic-x4.json", relics),
    "relic-bars": ("relic-x4.json", relic_bars),
    "relic-chart": ("relic-chart.json", chart),
    "relic-moved": ("relic-moved.json", moved),
    "gigapixel": ("gigapixel.json", gigapixel),
    "photo": ("photo-photo.json", photographs),
    "photo-equal-budget": ("photo-equal-budget.json", photographs),
    "photo-speed": ("photo-speed.json", photo_speed),
    "repair": ("photo-repair.json", photographs),
    "denoise": ("photo-denoise.json", photographs),
    "depixelate": ("photo-depixelate.json", photographs),
    "colorize": ("photo-colorize.json", photographs),
    "speed": ("speed.json", speed),
    "speed-slower": ("speed-slower.json", speed),
    "footprint": ("footprint.json", footprint),
    "footprint-int8": ("footprint-int8.json", footprint),
    "footprint-400-bf16": ("footprint-400-bf16.json", footprint),
    "footprint-400-f32": ("footprint-400-f32.json", footprint),
    "realism": ("realism.json", realism),
    **{f"attack-secure-{n}": (f"link-attack-full-secure-{n}.json", attacks) for n in (1, 2, 4)},
    **{f"attack-trained-secure-{n}": (f"link-attack-full-secure-{n}-trained.json", attacks) for n in (1, 4)},
    "camouflage-traffic": ("link-camouflage-traffic-4-none.json", camouflage),
    "camouflage-traffic-10": ("link-camouflage-traffic-4-10.json", camouflage),
    "critics": ("critics.json", critics),
    "memory": ("memory.json", memory),
}
"""name -> (results file, how its rows become a table)"""


def render(name: str, results: Path) -> str:
    """One table by name, with the command and date of its results below it."""
    if name not in TABLES:
        raise UsageError(f"no table is called '{name}'; there are {', '.join(TABLES)}")
    file, draw = TABLES[name]
    if file is None:
        return draw(())
    if not (results / file).exists():
        return f"Not measured: `results/{file}` is missing."
    found = read(results / file)
    commit, changes, _ = found["commit"].partition("+changes")
    made = f"`{found['command']}`, {found['date'][:10]}, commit {commit[:12]}{changes}"
    return f"{draw(found['rows'])}\n\n{made}"


def update(text: str, results: Path) -> str:
    """``text`` with every marked table made anew."""
    opened, closed = text.count("<!-- table: "), len(MARKED.findall(text))
    if opened != closed:
        raise UsageError(f"{opened - closed} marked tables are not closed by '<!-- /table -->'")
    return MARKED.sub(lambda m: f"{m[1]}{render(m[2], results)}\n{m[4]}", text)


def documents(root: Path) -> list[Path]:
    """The documents that may hold tables: README.md and docs/*.md."""
    return [path for path in (root / "README.md", *sorted((root / "docs").glob("*.md"))) if path.is_file()]


def stale(root: Path) -> list[Path]:
    """The documents below ``root`` whose tables are not those of ``root/results``."""
    return [path for path in documents(root) if update(_read(path), root / "results") != _read(path)]


def write(root: Path) -> list[Path]:
    """Bring the documents below ``root`` up to date; returns those that changed."""
    changed = stale(root)
    for path in changed:
        path.write_text(update(_read(path), root / "results"), encoding="utf-8")
    return changed


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
