"""The addresses of a client as files for spreadsheets: CSV and XLSX of the same cells."""
