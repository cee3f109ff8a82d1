"""Finds the links of Markdown text, and says which of them lead nowhere.

Relative links must lead to a file of the repository, and an anchor to a heading of it (as GitHub makes anchors of
headings). Links to the web are checked for their form only: the tests need no network.
"""

import pathlib
import re
import urllib.parse

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_INLINE = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*(?P<target>[^)\s]*)(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*(?P<target>\S+)", re.MULTILINE)
_BARE = re.compile(r"<(?P<target>https?:[^>]*)>")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)


def links(text):
    """(line, target) for each link and picture outside of code."""
    bare = _blanked(_CODE, _blanked(_FENCE, text))
    found = [m for pattern in (_INLINE, _REFERENCE, _BARE) for m in pattern.finditer(bare)]
    return [(text.count("\n", 0, m.start()) + 1, m["target"]) for m in sorted(found, key=lambda m: m.start())]


def anchors(text):
    """The anchors of the headings of a document."""
    seen, found = {}, set()
    for heading in _HEADING.findall(_blanked(_FENCE, text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = seen.get(slug, 0)
        seen[slug] = number + 1
        found.add(f"{slug}-{number}" if number else slug)
    return found


def broken(path, root):
    """What is wrong with the links of a document: "line: target: reason"."""
    path = pathlib.Path(path)
    problems = []
    for line, target in links(path.read_text(encoding="utf-8")):
        reason = (
            _web(target) if re.match(r"[a-zA-Z][a-zA-Z+.-]*:", target) else _inside(path, target, pathlib.Path(root))
        )
        if reason:
            problems.append(f"{line}: {target}: {reason}")
    return problems


def _web(target):
    parts = urllib.parse.urlsplit(target)
    if parts.scheme not in ("http", "https"):
        return "neither http nor https"
    if not parts.hostname or not _HOST.fullmatch(parts.hostname):
        return "no host"
    return "" if re.fullmatch(r"[!-~]+", target) else "characters that a link cannot hold"


def _inside(path, target, root):
    name, _, anchor = target.partition("#")
    file = (path.parent / urllib.parse.unquote(name)).resolve() if name else path.resolve()
    if not target or not file.exists():
        return "no such file"
    if root.resolve() not in (file, *file.parents):
        return "outside of the repository"
    if anchor and (file.suffix != ".md" or anchor not in anchors(file.read_text(encoding="utf-8"))):
        return "no such heading"
    return ""


def _blanked(pattern, text):
    """The text with what the pattern matches replaced by blanks, its lines kept."""
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
