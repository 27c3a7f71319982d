"""Files that are meant to take more time or memory than a check may."""

from __future__ import annotations

from collections.abc import Callable

from hostile.submission import Case, Submission

KIB = 1024


def _value(name: str, says: str, text: str | Callable[[], str]) -> Case:
    """Text in the place of a value of the mode's file. It is made when it is needed: some are long."""

    def change(s: Submission) -> None:
        s.text(s.mode_name, "kernel: host", f"kernel: {text if isinstance(text, str) else text()}")

    return Case(name, says, change)


def _output(name: str, says: str, content: Callable[[], bytes]) -> Case:
    """Another raw output, whose checksum fits."""
    return Case(name, says, lambda s: s.set_raw(s.trial(), content()))


def _told(name: str, says: str, text: Callable[[], str]) -> Case:
    """A long text with a bad end, in a place where anything may stand: whoever looks for the end reads all of it."""
    return Case(f"100 KB of {name}", says, lambda s: s.mode["implementation"].update({"data plane": text()}))


def _many(name: str, says: str, count: int, file: str) -> Case:
    def change(s: Submission) -> None:
        for number in range(count):
            s.put(file.format(number), b"")

    return Case(name, says, change)


def _large(s: Submission, name: str, size: int) -> None:
    with s.put(name).open("r+b") as file:
        file.truncate(size)


def _full_raws(s: Submission) -> None:
    """Raw outputs that are each of an allowed size, and together of none."""
    for trial in s.trials():
        s.set_raw(trial, b'{"a": "' + b"a" * (1000 * KIB) + b'"}')


CASES = (
    _value("x: 1 and 40 colons", "means different things to different readers", "1" + ":" * 40),
    _value("1 and 100,000 colons", "means different things to different readers", lambda: "1" + ":" * 100_000),
    _value("1 and 100,000 points", "means different things to different readers", lambda: "1" + "." * 100_000),
    _value("1 and 100,000 underlines", "means different things to different readers", lambda: "1" + "_" * 100_000),
    _value("a number of 100,000 digits", "is too large", lambda: "1" * 100_000),
    _value("a number beyond all numbers", "is too large", "1.0e999999"),
    _value("200,000 brackets", "values are nested deeper than 24", lambda: "[" * 200_000),
    _value("200,000 braces", "values are nested deeper than 24", lambda: "{a: " * 50_000),
    _value("25 lists in lists", "values are nested deeper than 24", "[" * 25 + "]" * 25),
    _value("an alias", "there is an alias", "*a"),
    _value("an anchor", "there is an anchor", "&a host"),
    _value("a billion laughs", "there is an anchor", "&a [lol, lol, lol, lol, lol, lol]\nb: &b [*a, *a, *a, *a]"),
    _value("a merge key", "means different things", "{<<: 1}"),
    _value("a tag", "there is a tag", "!!python/object/apply:os.system [id]"),
    _value("a set", "there is a tag", "!!set {a, b}"),
    _value("100,000 values", "there are more than 50000 values", lambda: "[" + "1," * 100_000 + "1]"),
    _value("400 KiB", "is larger than 384 KiB", lambda: "a" * 400 * KIB),
    Case("campaign.yml of 400 KiB", "is larger than 384 KiB", lambda s: _large(s, "campaign.yml", 400 * KIB)),
    Case("a mode's file of 4 GiB", "allowed: at most", lambda s: _large(s, s.mode_name, 1 << 32)),
    Case("a mode's file of 400 KiB", "has 409600 bytes; allowed: at most 393216",
         lambda s: _large(s, s.mode_name, 400 * KIB)),
    Case("10,000 keys that no mode has", "is not a key here", lambda s: s.mode.update(
        {f"key {number}": 1 for number in range(10_000)})),
    Case("10,000 addresses", "has more than 100 of these", lambda s: s.mode["implementation"].update(
        {f"key {number}": "93.184.216.34" for number in range(5_000)})),
    Case("a raw output of 200 MB", "allowed: at most", lambda s: _large(s, s.trial()["raw"]["path"], 200_000_000)),
    Case("a raw output of 2 MiB", "has 2097152 bytes; allowed: at most 1048576",
         lambda s: _large(s, s.trial()["raw"]["path"], 2 * KIB * KIB)),
    Case("200 MB beside the raw outputs", "allowed: at most", lambda s: _large(s, "raw/more.json.gz", 200_000_000)),
    _output("a raw output that unpacks to 2 MiB", "unpacks to more than 1024 KiB", lambda: b" " * 2 * KIB * KIB),
    _output("a raw output that unpacks to 100 MiB", "unpacks to more than 1024 KiB", lambda: b" " * 100 * KIB * KIB),
    _output("100,000 brackets in a raw output", "nested too deep", lambda: b"[" * 100_000),
    _output("100,000 lists in lists in a raw output", "nested too deep", lambda: b"[" * 100_000 + b"]" * 100_000),
    _output("100,000 objects in objects in a raw output", "nested too deep",
            lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    _output("a raw output of a number of 100,000 digits", "is damaged", lambda: b'{"a": ' + b"1" * 100_000 + b"}"),
    _output("a raw output of a number beyond all numbers", "is no number that a tool could mean", lambda: b'{"a": 1e999}'),
    _output("a raw output that is no number", "is no number that a tool could mean", lambda: b'{"a": NaN}'),
    _output("a raw output of an infinite number", "is no number that a tool could mean", lambda: b'{"a": -Infinity}'),
    _output("an empty raw output", "is damaged", lambda: b""),
    Case("raw outputs of 90 MiB together", "unpack to more than 33554432 bytes together", _full_raws, honest="standard"),
    _many("4,200 files in raw/", "holds more than 4096 files", 4_200, "raw/{}.json.gz"),
    _many("4,200 files in the campaign's folder", "holds more than 4096 files", 4_200, "{}.yml"),
    _many("30 files in raw/", "more files that do not belong here", 30, "raw/x-{}.json.gz"),
    _told("a.a.a and a mail address", "a mail address", lambda: "a." * 50_000 + " somebody@company.com"),
    _told("letters and a mail address", "a mail address", lambda: "a" * 100_000 + " somebody@company.com"),
    _told("@ and a mail address", "a mail address", lambda: "a@" * 50_000 + " somebody@company.com"),
    _told("blanks and a mail address", "a mail address", lambda: "a" + " " * 100_000 + " somebody@company.com"),
    _told("a - a - and a mail address", "a mail address", lambda: "a-" * 50_000 + " somebody@company.com"),
    _told("slashes and an environment", "a path of this machine", lambda: "/" * 100_000 + " /srv/env/bin/python3"),
    _told("/a/a and an environment", "a path of this machine", lambda: "/a" * 50_000 + " /srv/env/bin/python3"),
    _told("/home and a home", "a path of somebody's home", lambda: "~/home/" * 14_000 + " /home/anna"),
    _told("digits and an address", "a public address", lambda: "1" * 100_000 + " 93.184.216.34"),
    _told("1.1.1.1. and an address", "a public address", lambda: "1." * 50_000 + " 93.184.216.34"),
    _told("1_1_1 and an address", "a public address", lambda: "1_" * 50_000 + " 93.184.216.34"),
    _told("colons and an address", "a public address", lambda: ":" * 100_000 + " 93.184.216.34"),
    _told("a:a:a and an address", "a public address", lambda: "a:" * 50_000 + " 93.184.216.34"),
    _told("base64 and a key", "something like a secret key",
          lambda: "aB3" * 33_000 + " wJalrXUtnFEMIaK7MDENGzbPxRfiCYEXAMPLEKEY"),
    _told("host names and a UUID", "a UUID", lambda: "a.a.a.a.a.a.a.com-" * 5_500 + " 4c4c4544-0044-4b10-8036-b7c04f583432"),
    _told("password password and a password", "something like a password", lambda: "password" * 12_000 + " password: hunter2"),
    _told("eyJ and a token", "something like a token", lambda: "eyJ" * 33_000 + " ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
    _told("serial and a serial number", "a serial number", lambda: "serial " * 14_000 + " serial: PF3X9K2L"),
    _told("combining characters and an address", "a public address", lambda: "\u0301" * 33_000 + " 93.184.216.34"),
)
