"""Mail by SMTP: one message to one person, encrypted unless the settings say otherwise."""
