"""Everything the viewer knows, without a terminal: a recording scrubbed, filtered, played, marked.

No module here imports textual, so all of it is tested without one. What takes long is a job (:mod:`.jobs`): a
generator that a worker runs and may drop at any step, whose result grows in the model while it runs. Invariant:
nothing is decoded but what is looked at, so a million events open as fast as a thousand.
"""
