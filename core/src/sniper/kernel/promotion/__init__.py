"""Stages of strategy instances: how much of what they want is traded, and what takes them back."""
