"""The HTTP interface: a module for each subject, put together by `app`."""
