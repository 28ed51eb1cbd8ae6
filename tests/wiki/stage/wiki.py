"""A MediaWiki in a private folder: SQLite, a few pages, settings that can change from one request to the next."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

from . import article, places
from .web import Web, free_port, php_ini

_PASSWORD = "adminpass-123"
POOL = {"timeout": 15, "workers": 1, "maxqueue": 100}


def conf(name, **values):
    """A pool type's configuration for a class; values that are None are left out."""
    values = {**POOL, **values}
    return {"class": name, **{key: value for key, value in values.items() if value is not None}}


class Wiki:
    """An installed wiki. Leaving it as a context stops its servers and removes its folder."""

    def __init__(self, version="1.43", rows=60, workers=30, keep=False, extension=True, module=True):
        self.version = version
        self.rows = rows
        self.edition = 1
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wiki-"))
        self.port = free_port()
        self.password = _PASSWORD
        self.url = f"http://127.0.0.1:{self.port}"
        self._code = places.mediawiki(version)
        self._extension = extension
        self._module = extension and module
        self._cleanup = contextlib.ExitStack()
        self._cleanup.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self._install()
            self.web = Web(self.folder, self._code, self.port, workers, keep)
            self._cleanup.callback(self.web.stop)
        except BaseException:
            self._cleanup.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._cleanup.close()

    def leave_running(self):
        """Neither stops the servers nor removes the folder when the context is left."""
        self._cleanup.pop_all()

    # The installation.

    def _install(self):
        for name in ("data", "conf", "cache", "pages"):
            (self.folder / name).mkdir()
        php_ini(self.folder, self._module)
        self.script(
            "install", "--dbtype", "sqlite", "--dbname", "wiki", "--dbpath", self.folder / "data", "--confpath",
            self.folder / "conf", "--pass", _PASSWORD, "--scriptpath", "", "--server", self.url, "--extensions",
            "ParserFunctions", "--skins", "Vector", "Wiki", "Admin", configured=False)
        self.settings()
        with (self.folder / "conf" / "LocalSettings.php").open("a") as local:
            if self._extension:
                path = "" if places.INSTALLED else f", '{places.EXTENSION}/extension.json'"
                local.write(f"wfLoadExtension( 'PoolCounterNative'{path} );\n")
            local.write(f"require '{places.HERE}/php/settings.php';\n")
        self._import({article.ROW_TEMPLATE: article.row_template()})
        self._import({article.TITLE: article.text(self.rows, 1), "Small": "A small page."})

    def _import(self, pages):
        paths = []
        for title, text in pages.items():
            paths.append(self.folder / "pages" / title.replace(" ", "_"))
            paths[-1].write_text(text)
        self.script("importTextFiles", "--overwrite", "--bot", *paths)

    def command(self, name, *arguments):
        """The command line of a maintenance script: one of MediaWiki's by name, or one of ours by path."""
        php = [places.PHP, "-c", str(self.folder / "php.ini")]
        words = [str(word) for word in arguments]
        if (self._code / "maintenance" / "run.php").exists():
            return [*php, str(self._code / "maintenance" / "run.php"), str(name), *words]
        path = name if isinstance(name, pathlib.Path) else self._code / "maintenance" / f"{name}.php"
        return [*php, str(path), *words]

    def environment(self, configured=True, **more):
        """The environment that such a command needs."""
        configuration = {"MW_CONFIG_FILE": str(self.folder / "conf" / "LocalSettings.php")} if configured else {}
        return {**os.environ, **places.PHP_ENVIRONMENT, "MW_INSTALL_PATH": str(self._code), **configuration, **more}

    def script(self, name, *arguments, configured=True):
        """Runs a maintenance script to its end."""
        done = subprocess.run(self.command(name, *arguments), env=self.environment(configured), capture_output=True, text=True,
                              timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(f"{name} failed: {done.stdout}{done.stderr}")
        return done.stdout

    # What a test changes.

    def settings(self, pools=None, client=None, **more):
        """Replaces the settings that the next requests see: pool types, the client's configuration, other globals."""
        values = dict(more)
        if pools is not None:
            values["wgPoolCounterConf"] = pools
        if client is not None:
            values["wgPoolCountClientConf"] = client
        new = self.folder / "settings.json.new"
        new.write_text(json.dumps(values))
        new.rename(self.folder / "settings.json")

    def request(self, path, form=None, timeout=120):
        """One request; gives status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            body = None if form is None else urllib.parse.urlencode(form)
            headers = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("GET" if form is None else "POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")

    def api(self, **form):
        """A question to the API."""
        status, body = self.request("/api.php", {"format": "json", "formatversion": "2", **form})
        if status != 200:
            raise RuntimeError(f"the API says {status}: {body[:500]}")
        return json.loads(body)

    def page(self, title=article.TITLE, **query):
        """The path of a page."""
        return "/index.php?" + urllib.parse.urlencode({"title": title.replace(" ", "_"), **query})

    def purge(self):
        """Marks the cached article as out of date; the stale copy stays. MediaWiki's timestamps are whole seconds."""
        time.sleep(1.1)
        answer = self.api(action="purge", titles=article.TITLE)
        assert answer["purge"][0].get("purged"), answer
        time.sleep(1.1)

    def clear_cache(self):
        """Removes every cached page from the database."""
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "wikicache.sqlite", timeout=20)) as database:
            with database:
                gone = database.execute("DELETE FROM objectcache WHERE keyname LIKE '%pcache%' OR keyname LIKE '%rcache%'")
            return gone.rowcount

    def edit(self):
        """Saves the next edition of the article."""
        token = self.api(action="query", meta="tokens")["query"]["tokens"]["csrftoken"]
        text = article.text(self.rows, self.edition + 1)
        answer = self.api(action="edit", title=article.TITLE, text=text, token=token)
        assert answer.get("edit", {}).get("result") == "Success", answer
        self.edition += 1
        return answer["edit"]["oldrevid"]

    # What a test looks at.

    def parses(self):
        """How often the article has been parsed so far."""
        log = self.folder / "parses.log"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def log(self):
        """The lines that MediaWiki has logged about its pools."""
        log = self.folder / "poolcounter.log"
        return log.read_text() if log.exists() else ""
