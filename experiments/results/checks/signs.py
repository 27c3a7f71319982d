"""Signs by which a text tells who somebody is, where, or how to get in: what is looked for before a result is published.

Each pattern takes time in proportion to the text: what repeats has a limit, or cannot match the same place in two ways. Most
need a hint that is cheap to look for, so that an ordinary text is not read thirty times.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from experiments.results import private_names


@dataclass(frozen=True)
class Sign:
    """What to look for, and how messages call it.

    ``hints``: without one of these words (in small letters) the pattern is not tried. ``counts`` says of a match whether it
    is one; None: each is. ``word``: it has no blank, quote or bracket in it, so that each word of a text is looked at once.
    """

    what: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...] = ()
    counts: Callable[[re.Match[str]], bool] | None = None
    word: bool = True


def _secret(found: re.Match[str]) -> bool:
    """Whether a word beside "password" is one: not the lab's own, a variable, a file, or what stands for something hidden."""
    return not re.fullmatch(r"podpath|set|unset|none|null|true|false|required|disabled|enabled|[*x.•-]+|[$<{(\[/~].*", found[1],
                            re.IGNORECASE)


def _somebodys(found: re.Match[str]) -> bool:
    return not private_names.PLAIN_NAMES.fullmatch(found[1]) and found[1] != "-"


# Places of which everybody's cluster and everybody's machine speaks, and those that RFC 2606 keeps for examples.
_PUBLIC_PLACES = re.compile(
    r"(?:.*\.)?(?:docker|ghcr|quay|gcr|k8s|kubernetes|cncf|containerd|tigera|cilium)\.io|(?:.*\.)?(?:projectcalico|kernel|debian"
    r"|opencontainers)\.org|(?:.*\.)?(?:coreos|github|githubusercontent|docker|ubuntu)\.com|(?:.*\.)?weave\.works"
    r"|(?:.*\.)?cluster\.local|(?:.*\.)?example(?:\.(?:com|net|org))?", re.IGNORECASE)
_TLDS = ("com", "net", "org", "io", "dev", "cloud", "edu", "gov", "mil", "info", "biz", "local", "lan", "internal", "intranet",
         "corp", "localdomain", "eu", "de", "ch", "fr", "nl", "uk", "ca", "au", "pl", "cz", "dk", "ru", "cn", "jp", "kr", "br")


def _place(found: re.Match[str]) -> bool:
    return not _PUBLIC_PLACES.fullmatch(found[0])


def burnt_in(mac: str) -> bool:
    """Whether a MAC address is its maker's: neither locally administered nor a group's (IEEE 802), nor RFC 7042's example."""
    digits = re.sub(r"[^0-9a-fA-F]", "", mac)
    return not int(digits[:2], 16) & 0b11 and int(digits, 16) != 0 and not digits.lower().startswith("00005e0053")


def _interface_id(found: re.Match[str]) -> bool:
    """Whether an interface identifier was made from a burnt-in MAC address (RFC 4291 appendix A: its second bit is turned)."""
    return bool(int(found[1], 16) >> 8 & 0b10)


def _own(words: str) -> tuple[str, ...]:
    return tuple(words.split())


def _joined(first: str, last: str) -> tuple[str, ...]:
    """Each of some words with the last one, as people join them."""
    return tuple(f"{word}{between}{last}" for word in first.split() for between in ("", " ", "_", "-"))


SIGNS: tuple[Sign, ...] = (
    # Weave Net's images have its program in /home/weave (rajch/weave prog/weave-kube/launch.sh): nobody lives there.
    Sign("a path of somebody's home", re.compile(
        r"(?<![\w.~-])/(?:home|Users)/(?!weave/weave(?![\w/.-]))[^\s\"'/]+|(?<![\w.~-])/root(?=[/\s\"':]|$)"),
        ("/home/", "/users/", "/root")),
    # Where an environment lies is chosen by a person; the system's own places say nothing about anybody.
    Sign("a path of this machine", re.compile(r"(?<![\w.~/-])/(?!usr/)(?:[^\s\"'/]{1,100}/{1,3}){0,20}bin/python[\d.]*"),
         ("/bin/python",)),
    Sign("a path of somebody's home", re.compile(r"[A-Za-z]:\\+Users\\+[^\s\\\"']+"), (":\\",)),
    # Tokens by the prefixes that their makers document.
    Sign("something like a token", re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|ptt|soat|cbt)-[\w-]{20,}|xox[abeprs]-[\w-]{10,}"
        r"|(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}|AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"
        r"|[sr]k_(?:live|test)_\w{16,}|npm_[A-Za-z0-9]{30,}|pypi-AgE[\w-]{20,}|dckr_pat_[\w-]{20,}|hv[sb]\.[\w-]{20,}|SG\.[\w-]{16,}"
        r"|do[opr]_v1_[0-9a-f]{32,}|hf_[A-Za-z]{30,}|sk-(?:ant-|proj-)?[\w-]{32,}|dapi[0-9a-f]{32}|[0-9]{8,10}:AA[\w-]{32,}"
        r"|AGE-SECRET-KEY-1[0-9A-Z]{40,}|tskey-[\w-]{20,}|lin_api_\w{30,}|shp(?:at|ss)_[0-9a-f]{32})|SK[0-9a-f]{32}\b"
        r"|hooks\.slack\.com/services/[\w/]{20,}"),
        _own("ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glptt- glsoat- glcbt- xoxa- xoxb- xoxe- xoxp- xoxr- xoxs-"
             " akia asia abia acca eyj aiza ya29. gocspx- k_live_ k_test_ npm_ pypi-age dckr_pat_ hvs. hvb. sg. dop_v1_ doo_v1_"
             " dor_v1_ hf_ sk- dapi :aa age-secret-key- tskey- lin_api_ shpat_ shpss_ hooks.slack.com"
             " sk0 sk1 sk2 sk3 sk4 sk5 sk6 sk7 sk8 sk9 ska skb skc skd ske skf")),
    # AWS' secret keys have no prefix: forty characters of base64 (IAM user guide), which no path and no digest is.
    Sign("something like a secret key", re.compile(
        r"(?<![\w/+=.-])(?=[a-z0-9/+]{0,39}[A-Z])(?=[A-Z0-9/+]{0,39}[a-z])(?=[A-Za-z/+]{0,39}[0-9])[A-Za-z0-9/+]{40}"
        r"(?![\w/+=.-])")),
    Sign("a private key", re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY"), ("-----begin",), word=False),
    Sign("somebody's key", re.compile(r"\b(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\w{1,20}) AAAA[\w+/]{20,}"), (" aaaa",),
         word=False),
    Sign("something like a password", re.compile(
        r"(?:passw(?:or)?d|passphrase|passwort|secret|token|credentials?|(?:api|access|account|private|shared|secret)[ _-]?key)"
        r"(?:[_ -]?(?:key|id|value|hash))?[\"']?\s{0,2}(?:[:=]|=>|\bis\b)\s{0,2}[\"']?([^\s\"',;]{4,200})", re.IGNORECASE),
        ("passw", "passphrase", "secret", "token", "credential", "key"), _secret, word=False),
    Sign("something like a password", re.compile(
        r"--?[\w-]{0,20}(?:passw(?:or)?d|passphrase|secret|token|api-?key)[ =]{1,2}[\"']?([^\s\"'-][^\s\"']{3,200})",
        re.IGNORECASE), ("passw", "passphrase", "secret", "token", "key"), _secret, word=False),
    Sign("something like a password", re.compile(r"[a-z]://[^\s/:@\"']{1,100}:[^\s/:@\"']{1,100}@"), ("://",)),
    Sign("something like a token", re.compile(r"\b(?:bearer|basic|digest)\s{1,3}[\w.~+/-]{16,}", re.IGNORECASE),
         ("bearer", "basic", "digest"), word=False),
    # not the names of our files (flannel-vxlan@uml.yml) and of units (getty@tty1.service)
    Sign("a mail address", re.compile(
        r"\b[\w.+-]{1,64} {0,3}(?:@|[(\[{<] ?at ?[)\]}>]) {0,3}[\w-]{1,63}"
        r"(?: {0,2}(?:\.|[(\[{<] ?dot ?[)\]}>]) {0,2}[\w-]{1,63}){0,6}"
        r" {0,2}(?:\.|[(\[{<] ?dot ?[)\]}>]) {0,2}(?!(?:yml|json|gz|service|socket|conf)\b)[A-Za-z]{2,24}\b"
        r"|\b[\w.+-]{1,64} at [\w-]{1,63} dot [A-Za-z]{2,24}\b", re.IGNORECASE),
        ("@", "at)", "at]", "at}", "at>", " at "), word=False),
    Sign("a name of a machine", re.compile(
        r"(?:host|node|machine|computer|server)[ _-]?name[\"']?\s{0,2}[:=]\s{0,2}[\"']?([\w.-]{1,100})", re.IGNORECASE),
        _joined("host node machine computer server", "name"), _somebodys, word=False),
    Sign("a name of a machine", re.compile(r"Linux(?<!\wLinux) ([\w.-]{1,100}) \d{1,3}\.\d{1,4}[\w.+~-]{0,80} #\d"),
         ("linux ",), _somebodys, word=False),
    Sign("a name of a machine", re.compile(
        r"(?<![\w.@-])[A-Za-z_][\w.-]{0,31}@([A-Za-z][\w-]{0,62})(?=:[~/]|[ ]?[#$](?:\s|$))"), ("@",), _somebodys, word=False),
    Sign("a name of a machine", re.compile(
        r"\b(?:DESKTOP|LAPTOP|WIN)-[A-Z0-9]{7,12}\b|\bip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}\b"
        r"|\b[\w-]{1,40}-(?:MacBook|iMac|Mac-mini|ThinkPad|laptop|desktop)\b[\w-]{0,20}"),
        _own("desktop laptop win- ip- macbook imac mac-mini thinkpad")),
    Sign("a name of a machine", re.compile(
        rf"(?<![\w.%-])(?:[a-z0-9][a-z0-9-]{{0,62}}\.){{1,8}}(?:{'|'.join(_TLDS)})(?![\w-]|\.[a-z0-9])", re.IGNORECASE),
        tuple(f".{tld}" for tld in _TLDS), _place),
    Sign("a serial number", re.compile(
        r"\b(?:serial(?:[ _-]?(?:number|num|no|nr))?|(?:service|asset)[ _-]?tag|s/n)[\"']?\.?\s{0,2}[:=#]?\s{0,2}[\"']?"
        r"(?=[A-Za-z-]{0,40}\d)[A-Za-z0-9][\w-]{4,60}", re.IGNORECASE),
        ("serial", "s/n", *_joined("service asset", "tag")), word=False),
    Sign("a UUID", re.compile(r"(?<![0-9a-fA-F-])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-fA-F-])")),
    Sign("something like a machine's id", re.compile(r"(?<![\w])[0-9a-f]{32}(?![\w])")),
    Sign("a burnt-in MAC address", re.compile(
        r"(?<![\w:-])(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}(?![\w:])|(?<![\w:-])(?:[0-9a-fA-F]{2}-){5}[0-9a-fA-F]{2}(?![\w-])"
        r"|(?<![\w.])[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}(?![\w.])"), (), lambda found: burnt_in(found[0])),
    Sign("a burnt-in MAC address", re.compile(
        r"(?<![0-9a-f])([0-9a-f]{1,4}):[0-9a-f]{0,2}ff:fe[0-9a-f]{2}:[0-9a-f]{1,4}(?![0-9a-f])", re.IGNORECASE),
        ("ff:fe",), _interface_id),
)


# What stands between blanks, quotes and brackets; a number alone is no sign.
_WORD = re.compile(r"[^\s\"'`,;<>()\[\]{}|]+")
_NUMBER = re.compile(r"[-+]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][-+]?[0-9]{1,4})?:?")
MOST = 20  # of one sign in one text that are told
_MOST_WORDS = 100_000
_harmless: set[str] = set()  # words that were looked at: outputs of one tool differ in numbers alone


def found_in(text: str) -> Iterator[tuple[str, str]]:
    """The words in a text that are a sign, and what they are; addresses on the Internet too."""
    yield from _matches(text, words=False)
    new = [word for word in dict.fromkeys(_WORD.findall(text)) if word not in _harmless and not _NUMBER.fullmatch(word)]
    lines = "\n".join(new)
    addresses = islice(private_names.public_addresses(lines), MOST)
    found = [*_matches(lines, words=True), *((words, "a public address") for words in addresses)]
    if not found and len(_harmless) < _MOST_WORDS:
        _harmless.update(word for word in new if len(word) < 100)
    yield from found


def _matches(text: str, *, words: bool) -> Iterator[tuple[str, str]]:
    small = text.lower().replace("\u0131", "i").replace("i\u0307", "i")  # Turkish letters that a pattern takes for an i
    for sign in SIGNS:
        if sign.word != words or (sign.hints and not any(map(small.__contains__, sign.hints))):
            continue
        found = (match[0] for match in sign.pattern.finditer(text) if sign.counts is None or sign.counts(match))
        yield from ((words, sign.what) for words in islice(found, MOST))


def plainly(text: str) -> str:
    """The text in the characters that signs are written in: other forms of letters, digits and dots as ASCII has them."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).replace("\u3002", ".")
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text
                   if unicodedata.category(each) != "Cf")
