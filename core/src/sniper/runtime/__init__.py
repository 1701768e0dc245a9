"""The shell: it wires plugins to the kernel, feeds it, carries out its asks, and keeps the journal."""
