"""A step that never ends, with a program of its own: what a cancel has to take away."""

from filemill.chassis.sandbox.programs import run_program


def run(request, work_dir, source, report):
    """Start a program that sleeps, for as many seconds as the file's name says, and wait for it."""
    report({"step": "identify", "state": "started"})
    run_program(["sleep", request["filename"]], work_dir=work_dir, timeout_s=100)
    return {}
