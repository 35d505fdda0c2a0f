"""Passages of a chosen length with facts at known depths, among sentences that say nothing of them.

``subjects/`` holds the templates of those sentences, one file a subject; they are our own.
"""
