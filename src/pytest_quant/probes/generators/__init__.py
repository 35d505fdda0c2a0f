"""Questions too rich for a YAML domain: pure functions from a random source to values.

Every function returns the values that its probe's templates use. Where a question needs several
steps, ``working`` is the written-out way to the answer.
"""
