"""Calling others without being pulled down by them: breaker, timeouts, one place for service-to-service HTTP."""
