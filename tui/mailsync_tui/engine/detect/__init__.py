"""Listings and ledger to a snapshot: what is new, what is absent, which message is which.

:func:`mailsync_tui.engine.detect.observe.observe` names the steps, in their order.
"""
