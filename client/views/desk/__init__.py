"""What the wealth manager's and the branch head's screens share."""
