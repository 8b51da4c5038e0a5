"""The language of filemill: ids, the event envelope, topics, problems; one file per publisher, and one per large theme of it.

For: every word that crosses a process border (event data, HTTP bodies). Not for: behaviour; nothing here does anything,
and nothing here imports another room of ours. Unknown fields are ignored everywhere, so a newer sender never breaks an
older reader; a new field is optional, a new meaning is a new type.
"""
