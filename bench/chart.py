"""A picture of how much each one costs: horizontal bars, as SVG that reads on a light and on a dark page."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_ROW, _LABEL, _WIDTH, _VALUE, _TOP = 26, 240, 460, 90, 40
_OURS, _THEIRS = "#c2410c", "#7c8796"
_LONGEST = 4.0  # times the middle bar: what is longer is cut, so that the others can be told apart


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    ours: bool = False


def draw(title: str, bars: Sequence[Bar]) -> str:
    middle = sorted(bar.value for bar in bars)[len(bars) // 2]
    longest = min(max(bar.value for bar in bars), _LONGEST * middle)
    width, height = _LABEL + _WIDTH + _VALUE, _TOP + _ROW * len(bars) + 10
    rows = "\n".join(_row(number, bar, longest) for number, bar in enumerate(bars))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"
  font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="{escape(title)}">
<rect width="100%" height="100%" rx="6" fill="#ffffff"/>
<text x="12" y="25" font-size="15" font-weight="600" fill="#1f2937">{escape(title)}</text>
{rows}
</svg>
"""


def _row(number: int, bar: Bar, longest: float) -> str:
    y = _TOP + number * _ROW
    cut = bar.value > longest
    length = _WIDTH * min(bar.value / longest, 1)
    end = _LABEL + length
    gap = f'<path d="M{end - 24:.0f} {y - 1}l-6 20h5l6-20z" fill="#ffffff"/>' if cut else ""
    weight = "600" if bar.ours else "400"
    return (
        f'<text x="{_LABEL - 8}" y="{y + 14}" text-anchor="end" font-weight="{weight}" fill="#1f2937">'
        f"{escape(bar.label)}</text>"
        f'<rect x="{_LABEL}" y="{y}" width="{length:.1f}" height="18" rx="2" fill="{_OURS if bar.ours else _THEIRS}"/>'
        f'{gap}<text x="{end + 6:.0f}" y="{y + 14}" fill="#1f2937">{bar.value:,.0f}</text>'
    )
