"""Messages of Outlook that tests need."""

from filemill.processing.steps.compound_file import Tree, compound_file


def outlook_message(subject: str, body: str, *attachments: tuple[str, bytes | Tree | None]) -> bytes:
    """A message of Outlook; an attachment that is a tree (`inner_message`), or None, is a message itself."""
    tree = message_tree(subject, body, *attachments)
    tree["__properties_version1.0"] = bytes(32)
    tree["__nameid_version1.0"] = {f"__substg1.0_000{n}0102": b"" for n in (2, 3, 4)}
    return compound_file(tree)


def message_tree(subject: str, body: str, *attachments: tuple[str, bytes | Tree | None]) -> Tree:
    """What a message within a message is: its header has 24 bytes, and the names of properties are those of the outer one."""

    def text(value: str) -> bytes:
        return value.encode("utf-16-le")

    tree: Tree = {
        "__substg1.0_001A001F": text("IPM.Note"),
        "__substg1.0_0037001F": text(subject),
        "__substg1.0_1000001F": text(body),
        "__properties_version1.0": bytes(24),
    }
    for number, (name, content) in enumerate(attachments):
        inner: Tree = {"__substg1.0_3707001F": text(name), "__properties_version1.0": bytes(8)}
        if isinstance(content, bytes):
            inner["__substg1.0_37010102"] = content
        else:
            inner["__substg1.0_3701000D"] = content or message_tree(name, "")
        tree[f"__attach_version1.0_#{number:08X}"] = inner
    return tree
