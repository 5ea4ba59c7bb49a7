"""The report of a restoration: a page of HTML that lies in the evidence folder, and one sheet as PDF."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from relume import __version__
from relume.card import ModelCard
from relume.evidence.pdf import Sheet
from relume.runtime.lut import Lut
from relume.runtime.pictures import glimpses
from relume.runtime.record import Record
from relume.signal import Array

if TYPE_CHECKING:
    from relume.evidence.folder import Findings

SIDE = 900
CROP, SHOWN = 256, 512
"""Pixels of the result in a crop, and how many they are shown with."""
WHEN = ("before", "after")
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#222;background:#fff;max-width:68rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.05rem;margin:1.6rem 0 .5rem;border-bottom:1px solid #ccc}
.row{display:flex;flex-wrap:wrap;gap:.8rem}.row figure{margin:0;flex:1 1 14rem;min-width:0}
img,svg{max-width:100%;height:auto;display:block;background:#eee}.row img{width:100%}
figcaption{font-size:.85rem;color:#555;margin-top:.2rem}
table{border-collapse:collapse;font-size:.9rem}td,th{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}
code{font-size:.85em;overflow-wrap:anywhere}blockquote{margin:.5rem 0;padding:.5rem 1rem;background:#f4f2ee}
@media print{body{margin:0;font-size:11px}h2{break-after:avoid}figure,blockquote{break-inside:avoid}}
"""


@dataclass(frozen=True, eq=False)
class Content:
    """What a report shows; ``whole`` and ``crops``: JPEGs before and after, each with its caption."""

    record: Record
    found: Findings
    cards: Sequence[ModelCard]
    change: Lut | None
    whole: Sequence[tuple[bytes, str]]
    crops: Sequence[tuple[bytes, str]]


def content(
    record: Record,
    found: Findings,
    cards: Sequence[ModelCard],
    change: Lut | None,
    original: Path,
    result: Path,
    spread: Array,
) -> Content:
    """Gather what is shown; ``spread``: the uncertainty by place, where the second crop is taken."""
    captions = f"before: {record.source.name}, sha256 {record.source.sha256}", f"after, sha256 {record.output.sha256}"
    whole = [(glimpses.whole(path, SIDE), told) for path, told in zip((original, result), captions, strict=True)]
    return Content(record, found, cards, change, whole, _crops(record, original, result, spread))


def sheet(shown: Content, maps: Sequence[Path]) -> bytes:
    """The report on one sheet of A4, a PDF; ``maps``: the PNGs of uncertainty, consistency and what was invented."""
    record, found = shown.record, shown.found
    paper = Sheet()
    paper.text(f"Restoration of {record.source.name}", 15, bold=True)
    paper.text(f"{_headline(record)}. {_HYPOTHESIS}", 8)
    paper.row([(data, when) for (data, _), when in zip(shown.whole, WHEN, strict=True)], 225)
    paper.row(shown.crops, 120)
    names = (caption.partition(":")[0] for _, caption in _MAPS)
    paper.row([(glimpses.whole(path, 400), name) for path, name in zip(maps, names, strict=True)], 105)
    paper.text("For the conservation file", 9, bold=True)
    paper.text(sentence(record, found), 7.5)
    paper.text("Figures and decisions", 9, bold=True)
    for name, value in _figures(record, found) + _decisions(record):
        paper.text(f"{name}: {value}", 7.5)
    for name, value in _models(record, shown.cards):
        paper.text(f"{name}: {value}", 6)
    return paper.to_bytes()


def page(shown: Content) -> str:
    """The report as a page of HTML that lies in the evidence folder."""
    record, found, cards, change = shown.record, shown.found, shown.cards, shown.change
    title = html.escape(record.source.name)
    parts = [
        f"<h1>Restoration of {title}</h1>",
        f"<p>{html.escape(_headline(record))}. {_HYPOTHESIS}</p>",
        "<h2>Before and after</h2>",
        _row([(_jpeg(data), caption) for data, caption in shown.whole]),
        "<h2>Details</h2>",
        _row([(_jpeg(data), caption) for data, caption in shown.crops]),
        "<h2>Maps</h2>",
        _row(_MAPS),
        "<h2>Figures</h2>",
        _table(_figures(record, found)),
    ]
    if change is not None:
        parts += ["<h2>Change of colour</h2>", _row([(_curves(change), _CURVES)])]
    parts += [
        "<h2>What was decided</h2>",
        _table(_decisions(record)),
        "<h2>Models</h2>",
        _table(_models(record, cards)),
    ]
    parts += ["<h2>For the conservation file</h2>", f"<blockquote>{html.escape(sentence(record, found))}</blockquote>"]
    parts += [_FILES]
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Restoration of {title}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body>\n{body}\n</body></html>\n"
    )


_MAPS = [
    ('<img alt="uncertainty" src="uncertainty.png">', "uncertainty: pale where turning the picture changes the result"),
    (
        '<img alt="consistency" src="consistency.png">',
        "consistency: pale where the result, made small again, disagrees",
    ),
    ('<img alt="invented" src="invented.png">', "invented pixels: white filled, gray texture perhaps, black none"),
]
_HYPOTHESIS = "The original is untouched; this is a hypothesis and its evidence."
_CURVES = "What red, green and blue become along the gray axis; the dashed line changes nothing."
_FILES = """<h2>In this folder</h2><p><code>restored.*</code> the result; <code>original.sha256</code> the hash of the
original; <code>residual.tif</code> original (enlarged) + residual = result, to the bit; <code>invented.png</code> 255
filled, 128 texture that may be invented, 0 neither; <code>uncertainty.png</code> and <code>consistency.png</code> the
maps above; <code>colour.cube</code> the change of colour; <code>evidence.json</code> all figures and hashes.</p>"""


def sentence(record: Record, found: Findings) -> str:
    """What was done, in words for a conservation file."""
    weights = [f"{name} (sha256 {sha256[:12]})" for name, sha256 in (record.models or {}).items() if sha256]
    said = f"The digital image {record.source.name} (sha256 {record.source.sha256}) was restored with relume "
    said += (
        f"{record.versions.get('relume', __version__)} on {record.created[:10]}, task {record.task} at x{record.scale}"
    )
    said += f", with {' and '.join(weights)}" if weights else ", without any trained model"
    said += f", giving {record.output.name} (sha256 {record.output.sha256}). "
    said += "".join(f"{decision['step'].capitalize()}: {decision['reason']}. " for decision in record.decisions)
    if found.chart is not None:
        said += f"On {found.chart['patches']} patches of known colour the mean CIEDE2000 difference fell from "
        said += f"{found.chart['delta_e_before']:.1f} to {found.chart['delta_e_after']:.1f}. "
    said += "No pixel was invented; " if found.invented == 0 else f"{100 * found.invented:.2f} % of it is invented; "
    said += "the original file is unchanged"
    return said + ("." if found.residual_changed is None else ", and the residual layer undoes the result to the bit.")


def _headline(record: Record) -> str:
    return f"{record.created[:10]}, relume {record.versions.get('relume', '')}, task {record.task}, x{record.scale}"


def _figures(record: Record, found: Findings) -> list[tuple[str, str]]:
    chart = found.chart
    measured = "no chart or reference patches in the picture"
    if chart is not None:
        measured = f"{chart['delta_e_before']:.1f} before, {chart['delta_e_after']:.1f} after "
        measured += (
            f"({chart['delta_e_left_out']:.1f} for patches left out), {chart['patches']} patches, {chart['method']}"
        )
    scaled = "" if found.uncertainty_shrunk == 1 else f", on a copy {found.uncertainty_shrunk:.1f} times smaller"
    spread = f"{found.uncertainty_mean:.4f} of the range on average, 95 % below {found.uncertainty_p95:.4f}; "
    shares = (found.residual_changed, found.residual_mean, found.residual_largest)
    changed, mean, most = (100 * (share or 0.0) for share in shares)
    layer = f"{changed:.1f} % of the samples changed, by {mean:.2f} % on average and {most:.1f} % at most"
    invented = "none" if found.invented == 0 else f"{100 * found.invented:.2f} % of the picture (see the map)"
    return [
        ("Colour measured, mean CIEDE2000", measured),
        ("Colours moved by, mean CIEDE2000", f"{found.colour_moved_delta_e:.1f} (on a small sRGB copy)"),
        ("Agreement with the recoloured original", f"{found.consistency_db:.1f} dB PSNR, when made small again"),
        ("Spread over flips and turns", f"{spread}{found.uncertainty_views} views{scaled}"),
        ("Residual", "none: the samples are floating-point" if shares[0] is None else layer),
        ("Invented pixels", invented),
        ("Size and depth", f"{record.width} x {record.height}, {record.bands} channels of {record.depth} bits"),
    ]


def _decisions(record: Record) -> list[tuple[str, str]]:
    found = [(d["step"], ("" if d["done"] else "not done: ") + d["reason"]) for d in record.decisions]
    return found + [("note", note) for note in record.notes]


def _models(record: Record, cards: Sequence[ModelCard]) -> list[tuple[str, str]]:
    hashes = record.models or {record.model: record.model_sha256}
    rows = []
    for card in cards:
        data = "; ".join(f"{item.name} ({item.terms})" for item in card.data) or "none"
        text = f"{card.description or card.task}. {card.fidelity}, {card.parameters} weights, {card.licence}. "
        rows.append((card.name, f"{text}Trained on: {data}. sha256 {hashes.get(card.name)}"))
    return rows or [("none", "no trained model took part")]


def _crops(record: Record, original: Path, result: Path, spread: Array) -> list[tuple[bytes, str]]:
    """Pairs of crops at the liveliest place and where the result is least sure."""
    share = max(8, min(CROP, record.width // 2, record.height // 2)) / record.width
    row, column = np.unravel_index(int(spread.argmax()), spread.shape)
    unsure = (column + 0.5) / spread.shape[1], (row + 0.5) / spread.shape[0]
    found: list[tuple[bytes, str]] = []
    for name, centre in (("the liveliest", glimpses.liveliest(result, share)), ("the least sure", unsure)):
        crops = [glimpses.crop(path, centre, share, SHOWN) for path in (original, result)]
        found += [(data, f"{name} place, {when}") for data, when in zip(crops, WHEN, strict=True)]
    return found


def _jpeg(data: bytes) -> str:
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'


def _curves(change: Lut) -> str:
    """The gray axis of the table as an SVG drawing."""
    axis = np.einsum("iiic->ic", change.table)
    x = np.linspace(0, 200, change.size)
    lines = [
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="'
        + " ".join(f"{a:.1f},{200 - 200 * b:.1f}" for a, b in zip(x, axis[:, c], strict=True))
        + '"/>'
        for c, colour in enumerate(("#c22", "#282", "#24c"))
    ]
    dashed = '<line x1="0" y1="200" x2="200" y2="0" stroke="#999" stroke-dasharray="4"/>'
    return f'<svg viewBox="-4 -4 208 208" style="max-width:20rem" role="img">{dashed}{"".join(lines)}</svg>'


def _row(pictures: Sequence[tuple[str, str]]) -> str:
    figures = (
        f"<figure>{picture}<figcaption>{html.escape(caption)}</figcaption></figure>" for picture, caption in pictures
    )
    return f'<div class="row">{"".join(figures)}</div>'


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = (f"<tr><th>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>" for a, b in rows)
    return f"<table>{''.join(cells)}</table>"
