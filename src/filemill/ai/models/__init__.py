"""The models behind the capabilities: the registry says which there are, `runtimes` loads those that are ready."""
