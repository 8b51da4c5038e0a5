"""A judged set: a small corpus made by our own rules, queries, what each should find and how well, and a score (nDCG@10)."""
