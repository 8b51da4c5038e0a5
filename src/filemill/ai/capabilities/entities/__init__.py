"""Capability `entities`: what can be recognised and checked in a text, each finding with its exact place.

`find.find_entities` is the entry; each other file finds one family in one page's text and knows nothing of the others.
"""
