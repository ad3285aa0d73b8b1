"""What phones and server say to each other; only ever extended, never changed."""
