"""The SQL of the PostgreSQL implementation: one statement per call."""

from functools import cache
from typing import Any

from sqlalchemy import ARRAY, JSON, BigInteger, Boolean, Double, Integer, Text, Uuid, bindparam, text
from sqlalchemy.sql.selectable import TextualSelect

PUT = text("""
    INSERT INTO search_document AS stored (
        organization_id, id, version, course_id, content_type, difficulty, is_published, tags, title, text,
        folded_title, folded_text, words
    ) VALUES (
        :organization_id, :id, :version, :course_id, :content_type, :difficulty, :is_published, :tags, :title, :text,
        :folded_title, :folded_text,
        setweight(to_tsvector('pg_catalog.english', :folded_title), 'A')
        || setweight(to_tsvector('pg_catalog.english', :folded_tags), 'B')
        || to_tsvector('pg_catalog.english', :folded_text)
    ) ON CONFLICT (organization_id, id) DO UPDATE SET
        version = excluded.version, course_id = excluded.course_id, content_type = excluded.content_type,
        difficulty = excluded.difficulty, is_published = excluded.is_published, tags = excluded.tags,
        title = excluded.title, text = excluded.text, folded_title = excluded.folded_title,
        folded_text = excluded.folded_text, words = excluded.words
    WHERE stored.version <= excluded.version
""").bindparams(
    bindparam("organization_id", type_=Uuid),
    bindparam("id", type_=Uuid),
    bindparam("version", type_=BigInteger),
    bindparam("course_id", type_=Uuid),
    bindparam("tags", type_=ARRAY(Text)),
    *(bindparam(name, type_=Text) for name in ("title", "text", "folded_title", "folded_text", "folded_tags")),
)

# The weights are those of the text, of nothing, of tags and of the title, where a word counts like 50 in the text.
# Normalization 1 divides by the logarithm of the length, so that long texts do not always win.
# The marks around matches, \x02 and \x03, are `words.MARK` and `words.UNMARK`.
_FIND = r"""
    WITH sought AS MATERIALIZED (
        SELECT (nullif(websearch_to_tsquery('pg_catalog.english', :terms)::text, '') || :ending)::tsquery AS query
    ), matched AS MATERIALIZED (
        SELECT id, content_type, difficulty, tags,
            ts_rank_cd('{{0.02, 0.1, 0.4, 1}}', words, query, 1)::float8 AS score,
            :types IS NULL OR content_type = ANY (:types) AS of_types,
            :difficulties IS NULL OR difficulty = ANY (:difficulties) AS of_difficulties,
            :tags IS NULL OR tags && :tags AS of_tags
        FROM search_document, sought
        WHERE {scope} AND words @@ query
    ), found AS (
        SELECT id, score FROM matched WHERE of_types AND of_difficulties AND of_tags
    ), page AS MATERIALIZED (
        SELECT id, score FROM found WHERE {after} ORDER BY score DESC, id LIMIT :limit
    ), headline AS (
        SELECT page.id, page.score, title, text, folded_text,
            ts_headline('pg_catalog.english', folded_text, query,
                E'StartSel=\x02, StopSel=\x03, MaxFragments=1') AS of_text,
            ts_headline('pg_catalog.english', folded_title, query,
                E'StartSel=\x02, StopSel=\x03, HighlightAll=true') AS of_title
        FROM page JOIN search_document AS stored ON stored.organization_id = :organization_id AND stored.id = page.id
            CROSS JOIN sought
    ), hit AS (
        SELECT id, score, of_title AS passage, title AS original
        FROM headline WHERE strpos(of_text, E'\x02') = 0 AND strpos(of_title, E'\x02') > 0
        UNION ALL
        SELECT id, score, of_text, substr(text, strpos(folded_text, passage), char_length(passage))
        FROM headline, translate(of_text, E'\x02\x03', '') AS passage
        WHERE strpos(of_text, E'\x02') > 0 OR strpos(of_title, E'\x02') = 0
    )
    SELECT
        (SELECT count(*) FROM found) AS total,
        (SELECT coalesce(json_agg(hit ORDER BY score DESC, id), '[]') FROM hit) AS hits,
        (SELECT coalesce(json_agg(json_build_array(value, count) ORDER BY count DESC, value), '[]') FROM (
            SELECT content_type AS value, count(*) FROM matched WHERE of_difficulties AND of_tags GROUP BY 1
        ) AS counted) AS types,
        (SELECT coalesce(json_agg(json_build_array(value, count) ORDER BY count DESC, value), '[]') FROM (
            SELECT difficulty AS value, count(*) FROM matched WHERE of_types AND of_tags GROUP BY 1
        ) AS counted) AS difficulties,
        (SELECT coalesce(json_agg(json_build_array(value, count) ORDER BY count DESC, value), '[]') FROM (
            SELECT value, count(*) FROM matched, unnest(tags) AS value WHERE of_types AND of_difficulties
            GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50
        ) AS counted) AS tags
"""

_SUGGEST = """
    SELECT title FROM search_document, regexp_replace(' ' || folded_title, ' +', ' ', 'g') AS simple
    WHERE {scope} AND strpos(simple, ' ' || :prefix) > 0
    GROUP BY title ORDER BY bool_or(starts_with(simple, ' ' || :prefix)) DESC, title LIMIT :limit
"""

_SCOPE = "organization_id = :organization_id AND (is_published OR :drafts)"

_TYPES: dict[str, Any] = {
    "organization_id": Uuid,
    "drafts": Boolean,
    "course_ids": ARRAY(Uuid),
    "terms": Text,
    "ending": Text,
    "types": ARRAY(Text),
    "difficulties": ARRAY(Text),
    "tags": ARRAY(Text),
    "score": Double,
    "after": Uuid,
    "limit": Integer,
    "prefix": Text,
}


@cache
def find(*, by_course: bool, after: bool) -> TextualSelect:
    """A page of hits, their number and the facets, in one row; the rows of the tenant are read once."""
    place = "(score < :score OR score = :score AND id > :after)" if after else "true"
    statement = _typed(_FIND.format(scope=_scope(by_course), after=place))
    return statement.columns(total=BigInteger, hits=JSON, types=JSON, difficulties=JSON, tags=JSON)


@cache
def suggest(*, by_course: bool) -> TextualSelect:
    """Titles with the prefix at the beginning of one of their words."""
    return _typed(_SUGGEST.format(scope=_scope(by_course))).columns(title=Text)


def _scope(by_course: bool) -> str:
    return f"{_SCOPE} AND course_id = ANY (:course_ids)" if by_course else _SCOPE


def _typed(sql: str) -> Any:
    return text(sql).bindparams(*(bindparam(name, type_=type_) for name, type_ in _TYPES.items() if f":{name}" in sql))
