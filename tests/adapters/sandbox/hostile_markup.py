"""Small hostile HTML, XML and SVG: depth, entities, circles, and addresses that must not be asked."""

from .hostile_cases import CANARY, case


def laughs(levels: int = 10) -> str:
    """Return the document type declaration of a billion laughs."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels))
    return f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{entities}]>'


@case("a.html")
def html_nested_200_000_deep() -> bytes:
    return b"<!doctype html><html><body>" + b"<div><b><table>" * 70_000 + b"deep"


@case("a.html")
def html_linked_to_the_outside() -> bytes:
    address = CANARY.encode()
    return (
        b"<!doctype html><html><head><link rel=stylesheet href=%s/a><meta http-equiv=refresh content='0;url=%s/b'>"
        b"<base href=%s/></head><body><img src=%s/c><iframe src=%s/d></iframe>words</body></html>"
    ) % ((address,) * 5)


@case("a.html")
def html_with_a_million_attributes() -> bytes:
    return b"<!doctype html><html><body><p " + b"a=b " * 1_000_000 + b">words" + b"<" * 500_000


@case("a.xml")
def xml_of_a_billion_laughs() -> bytes:
    return (laughs() + "<r>&l9; words</r>").encode()


@case("a.xml")
def xml_of_quadratic_size() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "%s">]><r a="%s">words</r>' % (b"x" * 60_000, b"&a;" * 60_000)


@case("a.xml")
def xml_with_external_parts() -> bytes:
    return (
        f'<?xml version="1.0"?><!DOCTYPE r SYSTEM "{CANARY}/a.dtd" [<!ENTITY % p SYSTEM "{CANARY}/p"> %p;'
        f'<!ENTITY x SYSTEM "{CANARY}/x">]><r>&x;words</r>'
    ).encode()


@case("a.svg")
def svg_linked_to_the_outside() -> bytes:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image href="{CANARY}/a"/>'
        f'<use xlink:href="{CANARY}/b#x"/><style>@import url({CANARY}/c);</style><text>words</text></svg>'
    ).encode()


def _drawing(inside: str, head: str = "") -> bytes:
    root = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="90" height="90">'
    return f"{head}{root}{inside}</svg>".encode()


@case("a.svg")
def svg_whose_parts_use_each_other() -> bytes:
    levels = "".join(f'<g id="u{n}">' + f'<use xlink:href="#u{n - 1}"/>' * 10 + "</g>" for n in range(1, 30))
    return _drawing(f'<defs><g id="u0"><rect width="9" height="9"/></g>{levels}</defs><use xlink:href="#u29"/>')


@case("a.svg")
def svg_that_uses_itself() -> bytes:
    return _drawing('<g id="a"><use xlink:href="#b"/></g><g id="b"><use xlink:href="#a"/></g>')


@case("a.svg")
def svg_of_huge_filters() -> bytes:
    blur = '<filter id="f" width="99999" height="99999"><feGaussianBlur stdDeviation="9999"/></filter>'
    return _drawing(blur + '<rect width="90" height="90" filter="url(#f)"/>' * 300)


@case("a.svg")
def svg_of_a_million_parts() -> bytes:
    return _drawing('<circle cx="5" cy="5" r="3" opacity=".5"/>' * 250_000)


@case("a.svg")
def svg_nested_deep() -> bytes:
    return _drawing("<g opacity='.9'>" * 50_000 + "<rect width='9' height='9'/>" + "</g>" * 50_000)


@case("a.svg")
def svg_of_patterns_in_patterns() -> bytes:
    patterns = "".join(
        f'<pattern id="p{n}" width=".01" height=".01"><rect width="90" height="90" fill="url(#p{n - 1})"/></pattern>'
        for n in range(1, 20)
    )
    return _drawing(f'{patterns}<rect width="90" height="90" fill="url(#p19)"/>')
