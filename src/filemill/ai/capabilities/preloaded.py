"""Imported by the zygote so that no child has to read the models again: importing this loads them."""

from filemill.ai.capabilities import run

run.preload()
