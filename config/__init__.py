"""What an installation may change without a programmer: settings, bundles, departments, calendars."""
