"""Imported by the zygote before it forks, so that no child has to read the models again: importing this loads them."""

from filemill.ai.capabilities.warm import preload

preload()
