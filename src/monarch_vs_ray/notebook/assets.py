"""Make marimo's page work from a file: its scripts, styles and fonts are put beside the exported pages.

A page that is opened as a file may load classic scripts, but no modules and no fonts, and it may not read the
rules of a style sheet. So all of these become texts in one classic script. An import map leads from the
modules' names to objects made of the texts.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
from html import escape
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

FOLDER = "marimo"
"""The folder of marimo's files, beside the pages."""
SCRIPT = "marimo.js"
SPECIFIER = re.compile(r"""(?<=["'`])\./([\w.-]+\.js)(?=["'`])""")
DEPENDENCIES = re.compile(r"__vite__mapDeps\(\[[\d,]*\]\)")
FONT = re.compile(r"url\(\./([\w.-]+\.(woff2|woff|ttf|png|svg))\)")
HEAD = re.compile(r"<link[^>]*>|<script[^>]*\bsrc=[^>]*></script>")
UNUSED = (
    "Plot-",
    "mermaid",
    "loro_wasm",
    "node-sql-parser",
    "cytoscape",
    "terminal-",
    "edit-page-",
    "worker-",
)
"""Beginnings of large modules that no page of recorded runs loads."""
LOADER = """
(() => {
  const imports = {};
  for (const [name, text] of Object.entries(window.MODULES)) {
    imports["marimo/" + name] = URL.createObjectURL(new Blob([text], {type: "text/javascript"}));
  }
  const map = document.createElement("script");
  map.type = "importmap";
  map.textContent = JSON.stringify({imports});
  document.head.append(map);
  const style = document.createElement("style");
  style.title = "marimo";  // by such a title marimo finds the rules for its elements
  style.textContent = window.STYLES;
  document.head.append(style);
  const start = document.createElement("script");
  start.type = "module";
  start.textContent = "import " + JSON.stringify("marimo/" + window.START);
  document.head.append(start);
})();
"""


def static_folder() -> Path:
    """Return the folder of the page's files in the installed marimo."""
    spec = find_spec("marimo")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "_static"


def write_assets(folder: Path) -> None:
    """Write the modules, the styles and the licence of marimo's page into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    static = static_folder()
    start = _start(static)
    modules = {name: _module(text) for name, text in _reached(static / "assets", start).items()}
    styles = "\n".join(_style(path) for path in sorted((static / "assets").glob("*.css")))
    values = {"START": start, "STYLES": styles, "MODULES": modules}
    given = "".join(f"window.{name}={json.dumps(value)};" for name, value in values.items())
    (folder / SCRIPT).write_text(given + LOADER, encoding="utf-8")
    for name in metadata.files("marimo") or ():
        if name.match("*.dist-info/licenses/LICENSE"):
            shutil.copyfile(str(name.locate()), folder / "LICENSE")


def _start(static: Path) -> str:
    found = re.search(r'src="\./assets/([\w.-]+\.js)"', (static / "index.html").read_text(encoding="utf-8"))
    assert found, "marimo's page loads a module first"
    return found[1]


def _reached(assets: Path, start: str) -> dict[str, str]:
    """Return the modules that the first one reaches, by name."""
    texts: dict[str, str] = {}
    todo = [start]
    while todo:
        name = todo.pop()
        path = assets / name
        if name in texts or name.startswith(UNUSED) or not path.is_file():
            continue
        texts[name] = path.read_text(encoding="utf-8")
        todo += SPECIFIER.findall(texts[name])
    return texts


def _module(text: str) -> str:
    """Return a module that imports others by their names, and loads nothing ahead."""
    text = DEPENDENCIES.sub("[]", text)
    text = SPECIFIER.sub(r"marimo/\1", text)
    return text.replace("import.meta.url", "document.baseURI")


def _style(path: Path) -> str:
    def inline(found: re.Match[str]) -> str:
        file = path.parent / found[1]
        if not file.is_file():
            return found[0]
        kind = {"png": "image/png", "svg": "image/svg+xml"}.get(found[2], f"font/{found[2]}")
        return f"url(data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()})"

    return FONT.sub(inline, path.read_text(encoding="utf-8"))


def localize(page: str, title: str) -> str:
    """Return an exported page that loads marimo's files from the folder beside it, and nothing else.

    Args:
        page: What marimo's export wrote.
        title: The title of the page.
    """
    head, rest = page.split("</head>", 1)
    head = HEAD.sub("", head)
    head = re.sub(r"<title>.*?</title>", f"<title>{escape(title)}</title>", head, count=1, flags=re.DOTALL)
    ours = '<link rel="icon" href="data:,"><style>[data-testid=static-notebook-banner]{display:none}</style>'
    ours += f'<script defer src="{FOLDER}/{SCRIPT}"></script>'
    return f"{head}{ours}</head>{rest}"
