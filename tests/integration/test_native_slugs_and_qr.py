import re
import struct
import zlib

import pytest
import segno

from tests.support.links import PUBLIC_URL, ROOT, LinksService, Tenant

Matrix = list[list[bool]]


def expected(url: str) -> Matrix:
    """What a reader must see, its quiet zone included."""
    code = segno.make(url, error="m", boost_error=False, micro=False)
    return [[bool(module) for module in row] for row in code.matrix_iter(scale=1)]


def seen_in_png(picture: bytes, across: int) -> tuple[int, Matrix]:
    """(width, modules): every pixel of a module must be of one color."""
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, width, depth = 8, b"", 0, 0
    while at < len(picture):
        (length,), kind = struct.unpack(">I", picture[at : at + 4]), picture[at + 4 : at + 8]
        body = picture[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, _, depth = struct.unpack(">IIB", body[:9])
        if kind == b"IDAT":
            data += body
        at += length + 12
    assert depth == 1
    raw, stride, scale = zlib.decompress(data), (width + 7) // 8 + 1, width // across
    lines = [raw[place : place + stride] for place in range(0, len(raw), stride)]
    lines = unfiltered(lines)
    bits = [[not line[1 + x // 8] >> (7 - x % 8) & 1 for x in range(width)] for line in lines]
    modules = [[bits[y * scale][x * scale] for x in range(across)] for y in range(across)]
    assert bits == [[modules[y // scale][x // scale] for x in range(width)] for y in range(width)]
    return width, modules


def unfiltered(lines: list[bytes]) -> list[bytes]:
    """Filters 0 (none) and 2 (up) of https://www.w3.org/TR/png-3/#9Filter-types."""
    found: list[bytes] = []
    for line in lines:
        assert line[0] in {0, 2}
        above = found[-1] if line[0] == 2 and found else bytes(len(line))
        found.append(bytes((one + other) % 256 for one, other in zip(line, b"\0" + above[1:], strict=True)))
    return found


def seen_in_svg(picture: str, across: int) -> Matrix:
    """Follows the strokes: M and m move, h draws one row of modules."""
    path = re.search(r'stroke="#000" d="([^"]+)"', picture) or re.search(r'd="([^"]+)"[^>]*stroke="#000"', picture)
    assert path is not None
    modules = [[False] * across for _ in range(across)]
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path[1]):
        values = [float(number) for number in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for column in range(int(x), int(x + values[0])):
                modules[int(y)][column] = True
            x += values[0]
    return modules


@pytest.mark.parametrize("size", [64, 320, 2048])
async def test_a_png_shows_the_address_of_the_buyers_page(shop: Tenant, size: int) -> None:
    link = await shop.make(slug="tea")
    answer = await shop.client.get(f"{ROOT}/{link['id']}/qr", params={"format": "png", "size": str(size)})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    matrix = expected(f"{PUBLIC_URL}/checkout/tea")
    width, modules = seen_in_png(answer.content, len(matrix))
    assert modules == matrix
    assert size - len(matrix) < width <= size


async def test_an_svg_shows_the_same_and_is_as_wide_as_asked(shop: Tenant) -> None:
    link = await shop.make(slug="tea")
    answer = await shop.client.get(f"{ROOT}/{link['id']}/qr?size=500")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert 'width="500' in answer.text or "500.0" in answer.text
    matrix = expected(f"{PUBLIC_URL}/checkout/tea")
    assert seen_in_svg(answer.text, len(matrix)) == matrix


async def test_a_picture_is_not_sent_again_until_the_slug_changes(service: LinksService, shop: Tenant) -> None:
    link = await shop.make()
    url = f"{ROOT}/{link['id']}/qr"
    first = await shop.client.get(url)
    assert first.headers["cache-control"] == "private, max-age=300"
    headers = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    again = await shop.client.get(url, headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    await shop.client.patch(f"{ROOT}/{link['id']}", json={"slug": "coffee"})
    assert (await shop.client.get(url, headers=headers)).status_code == 200
    stranger = await service.tenant()
    assert (await stranger.client.get(url, headers=headers)).status_code == 404


@pytest.mark.parametrize("query", ["format=gif", "size=63", "size=2049", "size=x", "size=-1", "size=٣٠٠", "x=1"])
async def test_a_picture_refuses_what_it_does_not_know(shop: Tenant, query: str) -> None:
    link = await shop.make()
    answer = await shop.client.get(f"{ROOT}/{link['id']}/qr?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def asked(shop: Tenant, slug: str) -> dict[str, object]:
    answer = await shop.client.get(f"{ROOT}/slug-availability", params={"slug": slug})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_free_slug_is_available_and_asking_takes_nothing(shop: Tenant) -> None:
    free = {"slug": "tea", "available": True, "reason": None, "rule": None, "suggestions": []}
    assert await asked(shop, "tea") == free
    assert await asked(shop, "tea") == free
    assert (await shop.make(slug="tea"))["slug"] == "tea"


@pytest.mark.parametrize(
    ("slug", "reason"), [("tea", "taken"), ("checkout", "reserved"), ("Ünïcode Tea!", "malformed"), ("-", "malformed")]
)
async def test_a_slug_that_cannot_be_had_comes_with_some_that_can(
    service: LinksService, shop: Tenant, slug: str, reason: str
) -> None:
    other = await service.tenant()
    await other.make(slug="tea")
    await other.make(slug="tea-2")
    found = await asked(shop, slug)
    assert (found["available"], found["reason"]) == (False, reason)
    suggestions = found["suggestions"]
    assert isinstance(suggestions, list)
    assert 1 <= len(suggestions) <= 3
    assert not {"tea", "tea-2", "checkout"} & set(suggestions)
    for suggestion in suggestions:
        assert (await shop.make(slug=suggestion))["slug"] == suggestion


async def test_who_asks_for_too_many_slugs_is_told_to_wait(shop: Tenant) -> None:
    answers = [await shop.client.get(f"{ROOT}/slug-availability?slug=tea-{n}") for n in range(40)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == "rate_limited"
    assert int(refused[0].headers["retry-after"]) >= 1


@pytest.mark.parametrize("query", ["", "slug=", "slug=a&slug=b", "x=1", "slug=%00", "slug=" + "a" * 201])
async def test_asking_for_no_slug_or_two_is_refused(shop: Tenant, query: str) -> None:
    assert (await shop.client.get(f"{ROOT}/slug-availability?{query}")).status_code == 400
