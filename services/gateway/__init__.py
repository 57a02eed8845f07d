"""The front door: registers clients, accepts jobs, follows them to their end, serves the API.

Reads every outcome of a job and `schedule.send_day`; publishes `client.process`,
`client.registered`, `client.erased`, `job.failed`; owns client, job, movement, monthly_delivery.
"""
