"""The built site as a static host serves it: on this machine, texts compressed for who takes them so."""

from __future__ import annotations

import gzip
import http.server
import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

KEPT_S = 600  # how long a browser may keep what it has: GitHub Pages' answer
# What GitHub Pages and its like compress; pictures and archives are compressed already.
COMPRESSED = (".html", ".css", ".js", ".json", ".svg", ".xml", ".yml")


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """The file that is asked for, compressed where that helps and is wanted."""
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if "gzip" not in self.headers.get("Accept-Encoding", "") or path.suffix not in COMPRESSED or not path.is_file():
            return super().send_head()
        content = gzip.compress(path.read_bytes(), mtime=0)
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Last-Modified", self.date_time_string(int(path.stat().st_mtime)))
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)

    def end_headers(self) -> None:
        """As those hosts let a browser keep what it has for some minutes."""
        self.send_header("Cache-Control", f"max-age={KEPT_S}")
        super().end_headers()


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that turns to the next page breaks off what it no longer wants; anything else is told."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The site on a free port of this machine's loopback; its address."""
    server = _Server(("127.0.0.1", 0), partial(_Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
