"""`filemill show`: everything known of one file, in lines."""

from rich.text import Text

from filemill.cli import findings, screen
from filemill.cli.api import Api


def show(file_id: str, *, as_json: bool) -> None:
    """Print it. Raises `CallFailed`."""
    document = Api().get(f"/api/metadata/files/{file_id}")
    if as_json:
        screen.json_line(document)
        return
    screen.say(Text(document["title"] or document["filename"], style="bold"))
    screen.say(f"  {document['filename']}  {screen.size(document['size'])}  {document['content_type']}")
    screen.say("  status ", screen.state(document["status"]), "  analysis ", screen.state(document["analysis"]))
    if document["status_reason"]:
        screen.say(f"  {document['status_reason']['detail']}")
    if document["hold"]:
        screen.say(f"  under a legal hold: {document['hold']['reason']}")
    if document["tags"]:
        screen.say(f"  tags {', '.join(document['tags'])}")
    for name, value in document["properties"].items():
        screen.say(f"  {name}: {findings.brief(value)}")
    for line in findings.found_lines(document):
        screen.say(f"  {line}")
    screen.say(Text(f"  sha256 {document['sha256']}", style="dim"))
