"""Pages for people who follow a link in a mail: plain HTML, no script, nothing from elsewhere."""
