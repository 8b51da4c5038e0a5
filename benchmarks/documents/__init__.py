"""Generated documents with known facts: what ai says of them is set against what is in them. See `ai_quality`."""
