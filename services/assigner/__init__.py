"""Assigner: chooses the homes of a job, never the same door twice for a client.

Reads `properties.ready` and `client.erased`; publishes `properties.assigned`,
`addresses.insufficient` and `step.failed`; owns the choices and the assignments with their facts.
"""
