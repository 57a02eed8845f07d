"""What only the console asks of the database: one module for each page."""
