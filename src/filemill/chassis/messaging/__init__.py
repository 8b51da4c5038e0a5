"""Events between services: outbox, relay, transport, consumer, inbox. At least once, effects once."""
