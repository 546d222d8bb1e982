"""Two recordings side by side on the screen: two panes of events, the list of differences, both answers, one pair."""
