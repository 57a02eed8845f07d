"""Scheduler: says once of each day that its notices and its deliveries are due.

Reads nothing; publishes `schedule.pre_notification` and `schedule.send_day`; owns the ticks.
"""
