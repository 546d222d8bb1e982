"""sserec records, replays and inspects LLM streams (Server-Sent Events)."""

__version__ = "0.1.0"
