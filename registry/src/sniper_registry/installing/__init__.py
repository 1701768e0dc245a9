"""Installing plugins: what a wheel may hold, what uv is told, and how an environment is made whole or not at all."""
