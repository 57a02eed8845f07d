"""The addresses of a client as files: CSV and XLSX of the same cells, sheets and labels to print, a calendar."""
