"""Two recordings side by side, without a terminal: which events face one another, what differs, and how one moves."""
