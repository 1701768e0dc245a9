"""Runs unmodified freqtrade strategies."""
