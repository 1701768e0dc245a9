"""MkDocs hooks: links of pages lead to READMEs and sources beside docs/, as they are read in the repository.

What they lead to becomes a page of the site as well, below ``repository/``, so each link works at both places.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
SHELF = "repository/"
ALWAYS = ("README.md", "CONTRIBUTING.md", "deploy/README.md", "sdk/README.md", "registry/README.md")
FENCE = re.compile(r"^( *)(`{3,})[^\n]*\n.*?^\1\2$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(\]\()([^)\s]+)(\))")
UNSEARCHED = "---\nsearch:\n  exclude: true\n---\n\n"
LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml", ".json": "json", ".sol": "solidity", ".sh": "sh"}


def slug(heading: str, separator: str) -> str:
    """The anchor that code hosts give a heading, so that one link fits both."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", separator)


def plugins() -> list[str]:
    """Their READMEs, as paths in the repository."""
    return sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("plugins/*/*/README.md"))


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    config.mdx_configs["toc"]["slugify"] = slug
    kinds: dict[str, list[dict[str, str]]] = {}
    for path in plugins():
        _, kind, name, _ = path.split("/")
        kinds.setdefault(kind, []).append({name: SHELF + path})
    assert config.nav is not None
    config.nav.append({"Plugins": [SHELF + "plugins/index.md", *({kind: pages} for kind, pages in kinds.items())]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    waiting = [*ALWAYS, *plugins(), "plugins"]
    for file in files.documentation_pages():
        waiting += _leaving(file.content_string, f"docs/{file.src_uri}")
    while waiting:
        path = waiting.pop()
        if files.get_file_from_path(_place(path)) is None:
            text = _text(path)
            files.append(File.generated(config, _place(path), content=text))
            if path.endswith(".md"):
                waiting += _leaving(text, path)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    uri = page.file.src_uri
    if not uri.startswith(SHELF):
        return _rewritten(markdown, f"docs/{uri}", uri)
    path = uri.removeprefix(SHELF)
    return _rewritten(markdown, path, uri) if (ROOT / path).is_file() else markdown


def _leaving(text: str, path: str) -> Iterator[str]:
    """What a page of the repository links to and docs/ does not hold."""
    for link in LINK.findall(FENCE.sub("", text)):
        target = _target(link[1], path)
        if target and not target.startswith("docs/") and (ROOT / target).exists():
            yield target


def _target(link: str, path: str) -> str:
    """The path in the repository that a link leads to: of a directory its README; empty if it leads elsewhere."""
    link = unquote(link.partition("#")[0])
    if not link or "://" in link or link.startswith("mailto:"):
        return ""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
    return f"{target}/README.md" if (ROOT / target / "README.md").is_file() else target


def _place(path: str) -> str:
    """The page of the site that shows a path of the repository."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path.endswith(".md"):
        return SHELF + path
    return f"{SHELF}{path}/index.md" if (ROOT / path).is_dir() else f"{SHELF}{path}.md"


def _text(path: str) -> str:
    """A page, a source file as a page, or a directory as a page."""
    place = ROOT / path
    if path.endswith(".md"):
        return place.read_text()
    if path == "plugins":
        return _catalogue()
    if place.is_dir():
        names = sorted(child.relative_to(place).as_posix() for child in place.rglob("*") if child.is_file())
        listed = "\n".join(f"- `{name}`" for name in names if "__pycache__" not in name)
        return f"{UNSEARCHED}# {path}\n\n{listed}\n"
    fence = "`" * 4
    return f"{UNSEARCHED}# {path}\n\n{fence}{LANGUAGES.get(place.suffix, 'text')}\n{place.read_text()}\n{fence}\n"


def _catalogue() -> str:
    """The README's table of plugins."""
    rows = re.findall(r"^\| [\w-]+ \| \[[^\n]+\|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    table = "\n".join(row.replace("](plugins/", "](") for row in rows)
    return (
        f"# Plugins\n\n{len(rows)} come with sniper.\n\n| kind | name | what it does |\n| --- | --- | --- |\n{table}\n"
    )


def _rewritten(markdown: str, path: str, uri: str) -> str:
    """The links of a page, as they lead from its place in the site. Code stays what it is."""

    def link(match: re.Match[str]) -> str:
        target = _target(match[2], path)
        if not target or not (ROOT / target).exists():
            return match[0]
        anchor = match[2].partition("#")[1] + match[2].partition("#")[2]
        return f"{match[1]}{posixpath.relpath(_place(target), posixpath.dirname(uri) or '.')}{anchor}{match[3]}"

    pieces, end = [], 0
    for fence in FENCE.finditer(markdown):
        pieces += [LINK.sub(link, markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*pieces, LINK.sub(link, markdown[end:])])
