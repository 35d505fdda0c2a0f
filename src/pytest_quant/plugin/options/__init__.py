"""From what the command line and the ini file say to the settings of a session."""
