"""`make import-history FILE=…`: what clients received from the old system is not repeated.

- `table`: a CSV file to rows, each with its line and, where it cannot be read, the reason
- `statements`: clients, places and doors of the rows, found in sets
- `load`: batch by batch into the stock, which tells the assigner
"""
