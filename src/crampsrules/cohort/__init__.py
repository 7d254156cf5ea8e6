"""Many patients at once, from one file to another, in bounded memory: the command `cohort`.

A batch of rows is read, assessed and written at a time, and after each it is noted how far the
work has come: a run that was stopped goes on from there. The output appears when it is whole.
It needs the extra `frames`.
"""

from __future__ import annotations
