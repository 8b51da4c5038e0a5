"""The steps of processing: each a function of one context, run only inside the sandbox (run.py is its entry)."""
