"""Pages for people, of the console and behind links in mails: templates, words, and what they load from here."""
