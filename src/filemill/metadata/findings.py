"""What ai says of a file over several runs, as one list: of each capability the newest word."""

from typing import Any

from filemill.contracts.ai import FileAnalyzed


def merged_findings(kept: list[dict[str, Any]], analyzed: FileAnalyzed) -> list[dict[str, Any]]:
    """Findings by capability, each from the newest run; the newest run's first, in its own order."""
    run = [analyzed.run, analyzed.attempt]
    merged = {finding["capability"]: finding for finding in kept}
    for place, finding in enumerate(analyzed.findings):
        old = merged.get(finding.capability)
        if old is None or _said_by(old)[:2] < run:
            merged[finding.capability] = finding.model_dump(mode="json", exclude_none=True) | {"said_by": [*run, place]}
    return sorted(merged.values(), key=_newest_first)


def _said_by(finding: dict[str, Any]) -> list[int]:
    """Run, attempt and place of a kept finding; one kept by an older program is older than any."""
    return finding.get("said_by") or [0, 0, 0]


def _newest_first(finding: dict[str, Any]) -> tuple[int, int, int]:
    run, attempt, place = _said_by(finding)
    return -run, -attempt, place
