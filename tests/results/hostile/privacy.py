"""Texts that tell who somebody is, where, or how to get in; and characters that no text needs."""

from __future__ import annotations

from hostile.submission import Case, Submission

SECRET = "something like a password"
TOKEN = "something like a token"
ADDRESS = "a public address"
MACHINE = "a name of a machine"
MAC = "a burnt-in MAC address"


def _told(name: str, says: str, text: str) -> Case:
    """A text in a place where anything may stand."""
    return Case(name, f"holds {says}", lambda s: s.mode["implementation"].update({"data plane": f"Linux, {text} and more"}))


def _fact(group: str, name: str, value: object) -> Case:
    """A fact of the machine that Podpath does not take down."""
    return Case(f"{group}: {name}", "that Podpath takes down", lambda s: s.campaign[group].update({name: value}))


def _character(code: int) -> Case:
    """One character in a text, escaped as YAML allows it."""

    def change(s: Submission) -> None:
        s.text(s.mode_name, "  data plane: Linux", f'  note: "a\\U{code:08X}b"\n  data plane: Linux')

    return Case(f"the character U+{code:04X}", f"there is the character U+{code:04X}", change)


CASES = (
    _told("a public address", ADDRESS, "93.184.216.34"),
    _told("a public address with a port", ADDRESS, "93.184.216.34:443"),
    _told("a public network", ADDRESS, "93.184.216.0/24"),
    _told("a public address of six bytes", ADDRESS, "2606:2800:220:1:248:1893:25c8:1946"),
    _told("an address with zeros", ADDRESS, "093.184.216.034"),
    _told("an address with many zeros", ADDRESS, "0093.00184.0216.034"),
    _told("an address in hexadecimal", ADDRESS, "0x5db8d822"),
    _told("an address in dotted hexadecimal", ADDRESS, "0x5d.0xb8.0xd8.0x22"),
    _told("an address as one number", ADDRESS, "http://1572395042/"),
    _told("an address in a name", ADDRESS, "Mesh_93_184_216_34"),
    _told("an address in a name, dotted", ADDRESS, "peer_93.184.216.34"),
    _told("an address in a name, with hyphens", ADDRESS, "host 93-184-216-34"),
    _told("an address in full-width digits", ADDRESS, "９３．１８４．２１６．３４"),
    _told("an address with ideographic stops", ADDRESS, "93。184。216。34"),
    _told("an address in Arabic digits", ADDRESS, "٩٣.١٨٤.٢١٦.٣٤"),
    _told("an address with invisible characters", ADDRESS, "93.\u200b184.\u200b216.34"),
    _told("an AWS key's id", TOKEN, "AKIAIOSFODNN7EXAMPLE"),
    _told("an AWS secret key", "something like a secret key", "wJalrXUtnFEMIaK7MDENGzbPxRfiCYEXAMPLEKEY"),
    _told("an AWS secret key, named", SECRET, "aws_secret_access_key = hunter2"),
    _told("a Google key", TOKEN, "AIzaSyA-1234567890abcdefghijklmnopqrstu"),
    _told("a Google OAuth token", TOKEN, "ya29.a0AfH6SMBx1234567890abcdefgh"),
    _told("an Azure account key", SECRET, "AccountKey=Zm9vYmFyYmF6cXV4Zm9vYmFy"),
    _told("a GitHub token", TOKEN, "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
    _told("a GitHub token of the new kind", TOKEN, "github_pat_11ABCDEFG0abcdefghijkl_mnop"),
    _told("a GitLab token", TOKEN, "glpat-abcdefghij0123456789"),
    _told("a GitLab runner's token", TOKEN, "glrt-abcdefghij0123456789"),
    _told("a Slack token", TOKEN, "xoxb-123456789012-abcdefghijkl"),
    _told("a Slack hook", TOKEN, "https://hooks.slack.com/services/T0000/B0000/XXXXXXXXXXXXXXXX"),
    _told("a Stripe key", TOKEN, "sk_live_abcdefghijklmnop1234"),
    _told("an npm token", TOKEN, "npm_abcdefghijklmnopqrstuvwxyz0123456789"),
    _told("a PyPI token", TOKEN, "pypi-AgEIcHlwaS5vcmcCJDAwMDAwMDAw"),
    _told("a Docker token", TOKEN, "dckr_pat_abcdefghijklmnopqrstuv"),
    _told("a Vault token", TOKEN, "hvs.CAESIJabcdefghijklmnopqrst"),
    _told("a JSON web token", TOKEN, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc"),
    _told("a bearer's token", TOKEN, "Authorization: Bearer abcdef0123456789abcdef"),
    _told("basic authentication", TOKEN, "Authorization: Basic dXNlcjpwYXNzd29yZDEyMw=="),
    _told("a password", SECRET, "password: hunter2"),
    _told("a password as an option", SECRET, "mysql --password=hunter2"),
    _told("a password in the environment", SECRET, "DB_PASSWORD=hunter2"),
    _told("a password in JSON", SECRET, '"passwd": "hunter2"'),
    _told("a password in a sentence", SECRET, "the password is hunter2"),
    _told("a passphrase", SECRET, "passphrase=correct-horse"),
    _told("an API key", SECRET, "api_key=0123456789"),
    _told("a client's secret", SECRET, "client_secret: hunter2hunter2"),
    _told("a user with a password in an address", SECRET, "https://admin:hunter2@10.0.0.1/"),
    Case("a password as a key and its value", f"holds {SECRET}", lambda s: s.mode["implementation"].update(password="hunter2")),
    _told("a private key", "a private key", "-----BEGIN OPENSSH PRIVATE KEY-----"),
    _told("a public key", "somebody's key", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ"),
    _told("a mail address", "a mail address", "somebody@company.com"),
    _told("a mail address with blanks", "a mail address", "somebody @ company . com"),
    _told("a mail address in words", "a mail address", "somebody (at) company (dot) com"),
    _told("a mail address in a sentence", "a mail address", "somebody at company dot com"),
    _told("a mail address in full width", "a mail address", "somebody＠company．com"),
    _told("a host name", MACHINE, "db1.corp.acme.com"),
    _told("a host name in a URL", MACHINE, "https://wiki.acme.internal/page"),
    _told("a host name of a home", MACHINE, "nas.fritz.local"),
    _told("a host name, named", MACHINE, "hostname: gandalf"),
    _told("a host name in a prompt", MACHINE, "root@gandalf:~# ip link"),
    _told("a host name from uname", MACHINE, "Linux gandalf 6.1.0-21-amd64 #1 SMP"),
    _told("a node of a cloud", MACHINE, "ip-10-0-12-7"),
    _told("a machine of Windows", MACHINE, "DESKTOP-AB12CD3"),
    _told("somebody's laptop", MACHINE, "annas-MacBook-Pro"),
    _told("a serial number", "a serial number", "Serial Number: PF3X9K2L"),
    _told("a service tag", "a serial number", "Service Tag: 7XKD3Z2"),
    _told("a service tag with a Turkish letter", "a serial number", "Serv\u0131ce tag: 7XKD3Z2"),
    _told("a UUID", "a UUID", "4c4c4544-0044-4b10-8036-b7c04f583432"),
    _told("a UUID in capitals", "a UUID", "4C4C4544-0044-4B10-8036-B7C04F583432"),
    _told("a machine's id", "something like a machine's id", "0123456789abcdef0123456789abcdef"),
    _told("a burnt-in MAC address", MAC, "link/ether 00:1b:21:aa:bb:cc"),
    _told("a burnt-in MAC address with hyphens", MAC, "00-1B-21-AA-BB-CC"),
    _told("a burnt-in MAC address with dots", MAC, "001b.21aa.bbcc"),
    _told("a burnt-in MAC address in an interface's id", MAC, "fe80::21b:21ff:feaa:bbcc"),
    _told("a home", "a path of somebody's home", "/home/anna/podpath"),
    _told("a home of a Mac", "a path of somebody's home", "/Users/anna/podpath"),
    _told("a home of Windows", "a path of somebody's home", "C:\\Users\\anna"),
    _told("an environment", "a path of this machine", "/srv/anna/env/bin/python3"),
    Case("a mail address in a comment", "outside of its values", lambda s: s.text(
        s.mode_name, "kernel: host", "kernel: host  # somebody@company.com")),
    Case("a password in a comment", "outside of its values", lambda s: s.text(
        "campaign.yml", "status: complete", "status: complete  # password: hunter2")),
    Case("a key that is an address", f"holds {ADDRESS}", lambda s: s.mode["implementation"].update({"93.184.216.34": "x"})),
    Case("a host name in the command", f"holds {MACHINE}",
         lambda s: s.campaign["generator"].update(command=["invoke", "--out", "db1.corp.acme.com"])),
    Case("a host name in a transcript", f"holds {MACHINE}",
         lambda s: s.mode["transcript"][0].update(output="db1.corp.acme.com")),
    Case("the machine's name in iperf3's output", "the raw output holds the machine's name", lambda s: s.raw_text(
        s.trial(), "Linux - ", "Linux gandalf ")),
    Case("a host name in a raw output", f"the raw output holds {MACHINE}", lambda s: s.raw_text(
        s.trial(), '"connected":', '"note": "db1.corp.acme.com", "connected":')),
    Case("an escaped address in a raw output", "which no tool prints", lambda s: s.raw_text(
        s.trial(), '"connected":', '"note": "\\u0039\\u0033.184.216.34", "connected":')),
    Case("a NUL in a raw output", "which no tool prints", lambda s: s.raw_text(
        s.trial(), '"connected":', '"note": "\\u0000", "connected":')),
    _fact("host", "hostname", "gandalf"),
    _fact("host", "serial", "PF3X9K2L"),
    _fact("host", "owner", "Anna"),
    _fact("network", "uplink", "10.1.2.3"),
    _fact("software", "antivirus", "x 1.2"),
    Case("a setting of the kernel that is somebody's", "is no setting that Podpath takes down",
         lambda s: s.campaign["network"]["sysctl"].update({"kernel.hostname": "gandalf"})),
    *(_character(code) for code in (0x00, 0x07, 0x08, 0x0B, 0x0C, 0x1B, 0x7F, 0x85, 0x9B, 0x2028, 0x202E, 0x2066, 0xFEFF,
                                    0xFFFE, 0xFFFF)),
    Case("a control character in the protocol's profile", "there is the character U+0001", lambda s: s.text(
        "campaign.yml", "profile: smoke", 'profile: "smo\\x01ke"')),
)
