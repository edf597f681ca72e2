"""Pictures by hand: the few marks of SVG that they are made of. All lengths are in pixels."""

from html import escape

BACKGROUND = "#ffffff"
INK = "#1f2933"
FAINT = "#6b7785"
RULE = "#d5dbe1"


def document(width: int, height: int, parts: list[str]) -> str:
    font = "font-family=\"'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"12\""
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    background = rectangle(0, 0, width, height, BACKGROUND, radius=0)
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>', background, *parts, "</svg>", ""])


def rectangle(x: float, y: float, width: float, height: float, colour: str, radius: int = 2) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}" fill="{colour}"/>'


def text(x: float, y: float, said: str, colour=INK, size=12, weight="normal", style="normal") -> str:
    look = f'fill="{colour}" font-size="{size}" font-weight="{weight}" font-style="{style}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(said)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colour}"/>'


def curve(points: list[tuple[float, float]], colour: str, dashes: str = "none") -> str:
    """Straight lines from point to point."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'


def dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
