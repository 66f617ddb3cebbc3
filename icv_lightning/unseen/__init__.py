"""Classes that training never saw: enrol them from a few images, recognise them, reject what is unknown."""
