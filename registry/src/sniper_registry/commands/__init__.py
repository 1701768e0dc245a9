"""The commands ``sniper registry …``, by who types them."""
