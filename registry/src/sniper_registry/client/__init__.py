"""The trader's side of a registry: what it says, judged by whom the trader trusts."""
