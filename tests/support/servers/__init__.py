"""Real servers for the tests, one module each: started once per test session on free loopback ports, gone afterwards.

As root each runs as its own user (PostgreSQL and RabbitMQ refuse root), as a normal user it simply runs. A module has a
class with `start()`, `stop()` and what a test asks of it (a fresh database, a vhost, a bucket); `plugin` makes the fixtures.
"""
