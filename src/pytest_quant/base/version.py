"""The version of this package, which records and caches carry."""

__version__ = "0.1.0"
