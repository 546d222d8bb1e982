"""Recordings cut up and put together: which parts of which exchanges make a new archive, and what it says of them."""
