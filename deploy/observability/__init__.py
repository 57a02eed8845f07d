"""What an operator sees: alarms and one dashboard, generated from our metrics.

- `alarms`: when somebody must look; docs/operations.md says of each what it means and what to do
- `panels`: what is shown beside each other
- `render`: both in the forms that Prometheus and Grafana read

`python -m deploy.observability` writes the files anew; a test holds them against this.
"""
