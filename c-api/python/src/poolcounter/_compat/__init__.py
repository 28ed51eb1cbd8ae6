"""The interface of Wikimedia's python-poolcounter, over the native client."""
