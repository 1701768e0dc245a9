"""The words by which a plugin is found, and how much each counts."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]{2,40}")
LONGEST_QUERY = 200
MOST_WORDS = 6
"""Of a query; further ones are left out, and the page says so."""

NAME, PUBLISHER, KIND, SUMMARY, README = 40, 20, 20, 10, 1
"""What a word counts for by where it stands; a word of the query that is a whole word counts twice its beginning."""


def words(text: str) -> list[str]:
    """Its words, folded so that case and compatibility forms make no difference, in their order."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def weighed(name: str, kind: str, publisher: str, summary: str, readme: str) -> dict[str, int]:
    """Each word of a plugin, and what it counts for where it counts most."""
    short = re.sub(r"^sniper-", "", name)
    found: dict[str, int] = {}
    for text, weight in (
        (readme, README),
        (summary, SUMMARY),
        (kind, KIND),
        (publisher, PUBLISHER),
        (f"{short} {short.replace('-', '')} {short.partition('-')[2].replace('-', '')}", NAME),
    ):
        for word in words(text):
            found[word] = max(weight, found.get(word, 0))
    return found


def query(text: str) -> list[str]:
    """The words of a query, each once."""
    return list(dict.fromkeys(words(text[:LONGEST_QUERY])))[:MOST_WORDS]
