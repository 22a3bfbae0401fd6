"""The index of the Elasticsearch implementation: the brief's mapping, and what filters and weights need."""

from typing import Any

INDEX = "course_content"
"""The name of an alias. Writing to an index that somebody has deleted makes one with a mapping that Elasticsearch
guesses; writing to an alias can be refused then."""

BEHIND = f"{INDEX}_1"
"""The index itself."""

SETTINGS: dict[str, Any] = {
    "analysis": {
        "filter": {
            "english_stop": {"type": "stop", "stopwords": "_english_"},
            "english_stemmer": {"type": "stemmer", "language": "english"},
        },
        "analyzer": {
            "plain": {"tokenizer": "standard", "filter": ["lowercase", "asciifolding"]},
            "words": {
                "tokenizer": "standard",
                "filter": ["lowercase", "asciifolding", "english_stop", "english_stemmer"],
            },
        },
    }
}

# The similarity is `boolean`, the sum of the weights of what matches. Unlike the usual one it does not depend on what
# else is in the index: pages stay stable while documents arrive, and no organization learns of another's words.
_WORDS = {"type": "text", "analyzer": "words", "similarity": "boolean"}

MAPPINGS: dict[str, Any] = {
    "dynamic": "strict",
    "_routing": {"required": True},
    "properties": {
        "id": {"type": "keyword"},
        "organization_id": {"type": "keyword"},
        "course_id": {"type": "keyword"},
        "content_type": {"type": "keyword"},
        "is_published": {"type": "boolean"},
        "title": _WORDS | {"fields": {"keyword": {"type": "keyword"}, "plain": {"type": "text", "analyzer": "plain"}}},
        "content": _WORDS,
        "metadata": {
            "properties": {
                "tags": {"type": "keyword", "fields": {"words": _WORDS}},
                "difficulty": {"type": "keyword"},
                "duration": {"type": "integer"},
            }
        },
        "created_at": {"type": "date"},
        "updated_at": {"type": "date"},
    },
}
