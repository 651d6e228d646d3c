import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]


def routes_of_caddy():
    text = (PROJECT / "deploy" / "caddy" / "Caddyfile").read_text()
    paths = dict(re.findall(r"^\t@([\w-]+) path (.+)$", text, re.MULTILINE))
    routes = {}
    for name, block in re.findall(r"^\thandle @([\w-]+) \{\n(.*?)^\t\}", text, re.MULTILINE | re.DOTALL):
        if name not in paths:  # it looks at something else than the path: what is too large
            continue
        rewritten = re.findall(r"rewrite (\S+)", block)
        if "import document" in block:
            assert (PROJECT / "docs" / rewritten[0].removeprefix("/")).is_file()
            paths.pop(name)
            continue
        (service,) = re.findall(r"PAYLINKS_UPSTREAM_(\w+):", block)
        answer = service.lower() + (f", as `{rewritten[0]}`" if rewritten else "")
        routes |= dict.fromkeys(paths.pop(name).split(), answer)
    assert not paths, f"named and never handled: {paths}"
    return routes


def routes_of_docs():
    rows = re.findall(r"^\| `(\S+)` \| (.+) \|$", (PROJECT / "docs" / "gateway.md").read_text(), re.MULTILINE)
    return {path: answer for path, answer in rows if "the gateway itself" not in answer}


def documents():
    """What the gateway serves below /docs, the list of problems, and the document of each dialect."""
    text = (PROJECT / "deploy" / "caddy" / "Caddyfile").read_text()
    own = re.findall(r"^\t@docs-[\w-]+ path (.+)$", text, re.MULTILINE)
    dialects = (PROJECT / "docs" / "dialects").glob("[!R]*.md")
    return {path.removesuffix("*") for path in own} | {f"/{page.stem}/openapi.json" for page in dialects}


def test_the_page_of_documents_names_each_and_no_other():
    text = (PROJECT / "deploy" / "caddy" / "Caddyfile").read_text()
    (page,) = re.findall(r"^\(index\) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    assert len(documents()) == 11
    assert sorted(re.findall(r'href="([^"]+)"', page)) == sorted(documents())


def test_the_table_in_the_docs_is_the_table_of_the_gateway():
    routes = routes_of_caddy()
    assert routes
    assert routes_of_docs() == routes
