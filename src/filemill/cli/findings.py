"""What was found in a file, for people: a line for its text, its pictures, and each finding."""

from typing import Any


def found_lines(document: dict[str, Any]) -> list[str]:
    """What was found in a file, a line each."""
    lines = []
    text = document.get("text") or {}
    if text.get("state") == "found":
        lines.append(f"text: {text['characters']} characters on {text['pages']} page{'s' * (text['pages'] != 1)}")
    elif text.get("state"):
        lines.append(f"text: {text['state']}" + (f" ({text['reason']['detail']})" if text.get("reason") else ""))
    if document.get("renditions"):
        lines.append("pictures: " + ", ".join(one["name"] for one in document["renditions"]))
    for finding in document.get("findings", []):
        if finding["state"] == "done":
            lines.append(f"{finding['capability']}: {brief(finding['result'])}{_confidence(finding)}")
    if document.get("analysis_reason"):
        lines.append(f"analysis {document['analysis']}: {document['analysis_reason']['detail']}")
    return lines


def brief(result: Any) -> str:
    """A finding's result in a line."""
    if isinstance(result, dict):
        for name in ("summary", "keywords", "codes", "text", "class", "label", "value", "language"):
            if result.get(name):
                return brief(result[name])
        parts = [f"{name} {brief(value)}" for name, value in result.items() if value not in (None, [], {}, "", False)]
        return "; ".join(parts)[:200]
    if isinstance(result, list):
        return ", ".join(brief(one) for one in result[:6]) + (", …" if len(result) > 6 else "")
    return str(result)


def _confidence(finding: dict[str, Any]) -> str:
    value = finding.get("confidence")
    return f" ({value:.0%}, {finding.get('quality', '')})" if isinstance(value, float) else ""
