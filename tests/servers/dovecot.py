"""A private Dovecot on free ports of 127.0.0.1, run by whoever runs the tests."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import imapclient
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PASSWORD = "correct-horse"

CAPABILITIES = (
    "IMAP4rev1 LITERAL+ SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT MULTIAPPEND UNSELECT CHILDREN "
    "NAMESPACE UIDPLUS LIST-EXTENDED CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN LIST-STATUS "
    "MOVE SPECIAL-USE"
)
"""What it announces after a log-in; :class:`Dovecot` leaves some out on demand."""

_PATIENCE = 30.0


class Authority(NamedTuple):
    """A certificate authority of our own, and a certificate of its making."""

    ca_file: Path
    certificate: Path
    key: Path


def find_dovecot() -> str:
    """The program; without it the test is skipped, but fails where everything must be there."""
    found = shutil.which("dovecot", path=os.defpath + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        message = "Dovecot is not installed (Debian: dovecot-imapd, dovecot-pop3d)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def make_authority(directory: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> Authority:
    """Make keys and certificates with the ``openssl`` command, the latter for these names."""
    directory.mkdir(parents=True, exist_ok=True)

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    authority = ("-subj", "/CN=tests", "-addext", "basicConstraints=critical,CA:TRUE")
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl(
        "req", "-x509", *curve, "-days", "2", *authority, *usage,
        "-keyout", "ca.key", "-out", "ca.pem",
    )  # fmt: skip
    openssl("req", *curve, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (directory / "names").write_text(
        f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
    )
    openssl(
        "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
        "-set_serial", "1", "-extfile", "names", "-out", "server.pem",
    )  # fmt: skip
    return Authority(directory / "ca.pem", directory / "server.pem", directory / "server.key")


class Dovecot:
    """One server with any user, each with a Maildir of his own and the password ``PASSWORD``.

    Args:
        without: Capabilities that it does not announce (it would still obey the commands).
        prefix: Of the personal namespace, such as ``INBOX.``.
        separator: The hierarchy delimiter.
        tls: Also listen with TLS, and offer STARTTLS and STLS.
        uidl: ``pop3_uidl_format``.
        extra: More lines of configuration.
    """

    def __init__(
        self,
        *,
        without: Sequence[str] = (),
        prefix: str = "",
        separator: str = ".",
        tls: Authority | None = None,
        uidl: str = "%08Xu%08Xv",
        extra: str = "",
    ) -> None:
        self._program = find_dovecot()
        # Not below pytest's own: the path of a socket is short, and as root its log-in processes
        # run as another user, who must get there.
        self.directory = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.directory.chmod(0o711)
        self._mail = self.directory / "mail"
        self._mail.mkdir()
        self.tls = tls
        self.imap, self.imaps, self.pop3, self.pop3s = _free_ports(4)
        self._process: subprocess.Popen[bytes] | None = None
        announced = " ".join(name for name in CAPABILITIES.split() if name not in without)
        self._settings = f"""
imap_capability = {announced if without else ""}
pop3_uidl_format = {uidl}
namespace inbox {{
  inbox = yes
  prefix = {prefix}
  separator = {separator}
  mailbox Trash {{
    special_use = \\Trash
  }}
}}
{_tls_settings(tls)}
{extra}
"""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        file = self.directory / "dovecot.conf"
        file.write_text(_BASE.format(**self._base()) + self._settings)
        with (self.directory / "stderr").open("wb") as stderr:
            self._process = subprocess.Popen(
                [self._program, "-F", "-c", str(file)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
            )
        end = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                log = self.log()
                self.stop()
                pytest.fail(f"Dovecot does not start:\n{log}")

    def stop(self) -> None:
        """Stop it with all of its processes for good, and remove what it wrote."""
        if self._process is not None:
            # To the whole group: the master alone gives its processes a second to follow it.
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(_PATIENCE)
            self._process = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self) -> str:
        """What it has complained of."""
        files = [self.directory / name for name in ("stderr", "log")]
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    def maildir(self, user: str) -> Path:
        """The user's Maildir (INBOX); it exists once he has logged in."""
        return self._mail / user / "Maildir"

    def client(self, user: str) -> imapclient.IMAPClient:
        """Somebody else's connection to the same mailbox, logged in."""
        client = imapclient.IMAPClient("127.0.0.1", self.imap, ssl=False, timeout=_PATIENCE)
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.login(user, PASSWORD)
        # It obeys the commands that it was made not to announce.
        client._cached_capabilities = tuple(CAPABILITIES.upper().encode().split())
        return client

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.imap), _PATIENCE) as sock:
                return sock.recv(4) == b"* OK"
        except ConnectionError:
            return False

    def _base(self) -> dict[str, object]:
        uid, gid = os.getuid(), os.getgid()
        name = login = pwd.getpwuid(uid).pw_name
        group = grp.getgrgid(gid).gr_name
        if uid == 0:
            # It refuses to let root talk to strangers or hold mail; its package makes these users.
            name = group = "dovecot"
            login = "dovenull"
            owner = pwd.getpwnam("nobody")
            uid, gid = owner.pw_uid, owner.pw_gid
            os.chown(self._mail, uid, gid)
        return {
            "directory": self.directory,
            "user": name,
            "login": login,
            "group": group,
            "uid": uid,
            "gid": gid,
            "password": PASSWORD,
            "imap": self.imap,
            "imaps": self.imaps if self.tls else 0,
            "pop3": self.pop3,
            "pop3s": self.pop3s if self.tls else 0,
        }


def deliver(
    client: imapclient.IMAPClient,
    data: bytes,
    flags: Sequence[str] = (),
    folder: str = "INBOX",
    date: datetime | None = None,
) -> None:
    """Append a message byte by byte (imaplib's own ``append`` changes line ends)."""
    message: dict[str, object] = {"msg": data, "flags": list(flags)}
    if date is not None:
        message["date"] = date
    client.multiappend(folder, [message])


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def _tls_settings(tls: Authority | None) -> str:
    if tls is None:
        return "ssl = no"
    return f"ssl = yes\nssl_cert = <{tls.certificate}\nssl_key = <{tls.key}"


_BASE = """
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/log
protocols = imap pop3
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
default_process_limit = 50
first_valid_uid = {uid}
first_valid_gid = {gid}
mail_location = maildir:~/Maildir
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 100
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail/%u
}}
service anvil {{
  chroot =
  # Without it, a log-in after a refused one of the same address waits for seconds.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  chroot =
  service_count = 0
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
"""
