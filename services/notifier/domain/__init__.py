"""Rules of a mail: what it is called, when it is tried again, how its facts are worded."""
