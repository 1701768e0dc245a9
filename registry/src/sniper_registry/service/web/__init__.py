"""The service over HTTP: pages for people, and an interface for programs under ``/api/1``."""
