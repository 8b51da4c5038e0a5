"""What a process says about itself: request context, logs, traces, metrics."""
