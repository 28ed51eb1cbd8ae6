"""Asks web servers."""

import http.client

_PATIENCE = 60.0


def get(server, path, headers=None):
    """The body of an answer, which must be a success. `server` is an address and a port."""
    connection = http.client.HTTPConnection(server, timeout=_PATIENCE)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read().decode()
    finally:
        connection.close()
    if answer.status != 200:
        raise OSError(f"http://{server}{path}: {answer.status} {body}")
    return body
