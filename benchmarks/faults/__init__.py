"""Faults planted on purpose: what the gate must catch.

``catalogue.FAULTS`` lists them. A fault of the file is a change to a GGUF, a fault of the runtime
is a runtime around the real one; each comes in doses, mildest first.
"""
