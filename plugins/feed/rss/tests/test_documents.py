"""What is read out of documents of all kinds, and which are refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.types import SECOND
from sniper_feed_rss.documents import MOST_ENTRIES, Entry, entries
from sniper_feed_rss.errors import BadDocument
from sniper_feed_rss.newness import REMEMBERED, Dated, Newness

AT = 1_800_000_000 * SECOND
RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>All</title>
<atom:link href="https://x.example/feed" rel="self"/><item>
<title>Acme Will List &lt;b&gt;Pepe&lt;/b&gt; (PEPE) &amp;amp; more</title><link> https://x.example/1 </link>
<guid isPermaLink="false">a-1</guid><pubDate>Fri, 15 Jan 2027 08:00:00 GMT</pubDate></item>
<item><title>Second</title><guid>has spaces</guid></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>r</title><entry><id>tag:x,2027:1</id><title>v1.0</title>
<link rel="edit" href="https://x.example/e"/>
<link href="https://x.example/v1.0"/><updated>2027-01-15T09:00:00+01:00</updated>
</entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel/><item><title>Old</title><link>https://x.example/o</link>
<dc:date>2027-01-15T08:00:00Z</dc:date></item></rdf:RDF>"""
BOMB = """<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss><item><title>&b;</title></item></rss>"""
OUTSIDE = """<!DOCTYPE l SYSTEM "http://127.0.0.1:1/x.dtd"><rss/>"""
FILE = """<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss><item><title>&f;</title></item></rss>"""


def test_rss_two() -> None:
    first, second = entries(RSS.encode())
    assert first == Entry("a-1", "Acme Will List Pepe (PEPE) & more", "https://x.example/1", AT)
    assert (second.title, second.url, second.at, len(second.id)) == ("Second", "", 0, 32)


def test_atom_and_rss_one() -> None:
    assert entries(ATOM.encode()) == [Entry("tag:x,2027:1", "v1.0", "https://x.example/v1.0", AT)]
    assert entries(RDF.encode()) == [Entry("https://x.example/o", "Old", "https://x.example/o", AT)]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (BOMB, "defines entities"),
        (OUTSIDE, "defines entities"),
        (FILE, "defines entities"),
        ("", "is no XML"),
        ("<rss>", "is no XML"),
        ("{}", "is no XML"),
        ("<rss>&nbsp;</rss>", "is no XML"),
        ('<?xml version="1.0" encoding="nonsense"?><rss/>', "is no XML"),
        ("<html><body/></html>", "begins with 'html'"),
    ],
)
def test_what_is_no_list_of_announcements_is_refused(document: str, says: str) -> None:
    with pytest.raises(BadDocument, match=says):
        entries(document.encode())


def test_a_document_that_is_deep_or_long_does_no_harm() -> None:
    deep = b"<rss>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</rss>"
    assert entries(deep) == []
    many = b"<rss>" + b"<item><title>x</title></item>" * 1_000 + b"</rss>"
    assert len(entries(many)) == MOST_ENTRIES


def test_dates_and_links_that_are_none_are_left_out() -> None:
    item = "<item><title>t</title><link>javascript:x</link><pubDate>{}</pubDate></item>"
    for date in ("yesterday", "99999999999", "Fri, 99 Jan 2027", "1901-01-01", "0001-01-01T00:00:00+23:00"):
        (entry,) = entries(f"<rss>{item.format(date)}</rss>".encode())
        assert (entry.url, entry.at) == ("", 0)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(body: bytes) -> None:
    with suppress(BadDocument):
        entries(body)


_LISTS = st.lists(st.lists(st.integers(0, 8), max_size=6, unique=True), max_size=8)


@given(_LISTS)
def test_what_was_not_there_before_is_news_once(lists: list[list[int]]) -> None:
    newness, known = Newness(60), set[int]()
    for number, ids in enumerate(lists):
        found = newness.news([Dated(str(id_), 0) for id_ in ids], AT)
        fresh = [id_ for id_ in reversed(ids) if id_ not in known]
        assert [int(each.id) for each in found] == ([] if number == 0 else fresh)
        known |= set(ids)


def test_what_has_a_date_is_news_while_it_is_fresh_from_the_first_list_on() -> None:
    newness = Newness(60)
    listed = [Dated("new", AT - 60 * SECOND), Dated("old", AT - 61 * SECOND), Dated("undated", 0)]
    assert newness.news(listed, AT) == [listed[0]]
    assert newness.news([Dated("later", AT - 61 * SECOND), *listed], AT) == []
    newness.news([Dated(f"n{n}", 0) for n in range(REMEMBERED)], AT)
    assert newness.news([listed[0]], AT) == [listed[0]], "so many are remembered"
