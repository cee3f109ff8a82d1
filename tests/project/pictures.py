"""The pictures in docs/images: graphs of examples in the documents.

``python -m tests.project.pictures`` draws them again; a test holds that each shows what would be drawn now.
"""

import pathlib
import xml.etree.ElementTree as ElementTree

import srcad
from srcad.analysis import kindspec
from tests.project.documents import ROOT, blocks_of

FOLDER = ROOT / "docs" / "images"

#: The name of a picture: the document whose ``example.py`` has the function, the function, of what it is the graph.
PICTURES = {
    "sqrt_newton.svg": ("README.md", "sqrt_newton", "primal", ""),
    "sqrt_newton_grad.svg": ("README.md", "sqrt_newton", "adjoint", ""),
    "loss.svg": ("docs/tour.md", "loss", "primal", "w: f8[d], b: float, x: f8[n,d], y: f8[n]"),
}


def drawn(name, folder):
    """The SVG of a picture."""
    document, function, of, kinds = PICTURES[name]
    (source,) = [b.text for b in blocks_of((ROOT / document).read_text(encoding="utf-8")) if b.file == "example.py"]
    path = pathlib.Path(folder) / "example.py"
    path.write_text(source, encoding="utf-8")
    space = {"__name__": "example"}
    exec(compile(source, str(path), "exec", dont_inherit=True), space)
    return srcad.graph(space[function], of=of, kinds=dict(kindspec.parse(kinds))).svg


def shown(svg):
    """What a picture says: the texts and tooltips, in order; where things stand depends on the version of Graphviz."""
    root = ElementTree.fromstring(svg)
    texts = ["".join(e.itertext()).strip() for e in root.iter() if e.tag.endswith(("}text", "}title"))]
    return texts + [value for e in root.iter() for name, value in e.attrib.items() if name.endswith("}title")]


def main():
    """Draws all pictures."""
    import tempfile

    FOLDER.mkdir(exist_ok=True)
    for name in PICTURES:
        with tempfile.TemporaryDirectory() as folder:
            (FOLDER / name).write_text(drawn(name, folder), encoding="utf-8")


if __name__ == "__main__":
    main()
