"""Submissions that must be refused, each for its own reason: a table for each kind of them, a line for each case.

A new case is a line in the table of its kind: what is done, the words of the refusal that belong to it, and how it is done
to an honest submission (:class:`hostile.submission.Submission`).
"""
