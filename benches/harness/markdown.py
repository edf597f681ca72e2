"""Figures and tables in Markdown."""


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def seconds(value: float) -> str:
    """Three digits that count."""
    decimals = 2 if value >= 1 else 3 if value >= 0.1 else 4 if value >= 0.01 else 5
    return f"{value:.{decimals}f}"


def megabytes(value: int | None) -> str:
    if value is None:
        return ""
    return f"{value / 1e6:,.0f}" if value >= 100e6 else f"{value / 1e6:.3g}"


def markdown(head: list[str], rows: list[list[str]], numbers_from: int) -> str:
    """A table; columns from `numbers_from` on are right-justified."""
    rule = ["---" if number < numbers_from else "---:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])
