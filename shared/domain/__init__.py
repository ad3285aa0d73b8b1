"""The rules of the house: values in, values or a refusal out. No I/O, no clock, no framework."""
