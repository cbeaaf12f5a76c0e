"""Search by words."""

from typing import Any

from tests.support.service import Service


async def shared(region: Service, *titles: str, **about: Any) -> None:
    for title in titles:
        link = {"url": "https://example.org/", "title": title, **about}
        reply = await region.as_("ann").post("/communities/open/links", json=link)
        assert reply.status_code == 201, reply.text


async def found(region: Service, words: str, **query: str) -> list[str]:
    reply = await region.as_("bob").get("/search", params={"q": words, **query})
    assert reply.status_code == 200, reply.text
    return [item["title"] for item in reply.json()["items"]]


async def test_words_are_found_in_title_tags_and_description(region: Service) -> None:
    await shared(region, "Trauma informed care")
    await shared(region, "Reading list", tags=["Trauma"])
    await shared(region, "Course", description="Two days on trauma.")
    await shared(region, "Gardening")
    assert await found(region, "TRAUMA") == ["Trauma informed care", "Reading list", "Course"]
    assert await found(region, "traumas") == await found(region, "trauma")
    assert await found(region, "tax") == []


async def test_a_phrase_and_a_word_left_out(region: Service) -> None:
    await shared(region, "Care of trees", "Trees and care", "Trees")
    assert await found(region, '"care of trees"') == ["Care of trees"]
    assert await found(region, "trees -care") == ["Trees"]


async def test_search_goes_on_where_it_was_left_off(region: Service) -> None:
    await shared(region, *(f"Guide {number}" for number in range(7)), "Guide guide", "Other")
    titles, cursor = [], ""
    while cursor is not None:
        query = {"q": "guide", "limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = (await region.as_("bob").get("/search", params=query)).json()
        titles += [item["title"] for item in page["items"]]
        cursor = page["next"]
    assert len(titles) == len(set(titles)) == 8


async def test_a_new_title_is_found_and_the_old_one_is_not(region: Service) -> None:
    ann = region.as_("ann")
    link = {"url": "https://example.org/", "title": "Apples"}
    here = (await ann.post("/communities/open/links", json=link)).headers["location"]
    await ann.post(f"{here}/versions/link", json={**link, "title": "Pears"})
    assert await found(region, "pears") == ["Pears"]
    assert await found(region, "apples") == []


async def test_odd_words_find_nothing_and_break_nothing(region: Service) -> None:
    await shared(region, "Trees")
    odd = ('"', '"' * 3, "-", "-a", "$where", "{}", "\\", "a\x00b", "the", "😀", "'; drop")
    for words in odd:
        assert await found(region, words) == [], words


async def test_a_search_needs_words(region: Service) -> None:
    for query in ("", "?q=", "?q=%20%20", "?q=" + "a" * 201):
        reply = await region.as_("bob").get(f"/search{query}")
        assert reply.status_code == 422
        assert [error["field"] for error in reply.json()["errors"]] == ["q"]
