"""What only the page of an agent asks."""
