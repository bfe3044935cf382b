"""What the law and the bundle say: pure values in, values out; no I/O, no clock, no framework."""
