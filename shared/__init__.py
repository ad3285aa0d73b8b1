"""What runs on both sides: the rules, the wire, ids and canonical bytes."""
