"""The Train page: the form, a run's view, the class panel, and who the visitor is."""
