"""The steps from each version of the tables to the next: a folder, and one head, a file.

Written by hand and never changed once released. Names of constraints are written out, so
that they do not follow the models.
"""
