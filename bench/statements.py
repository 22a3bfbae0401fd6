"""The SQL of the floor: $1 is the tenant, $2 the viewer (of `GRADEBOOK` the course)."""

_GRADE = """(
    SELECT least(sum(best.score * best.points) / sum(best.points), 1) FROM (
        SELECT max(attempt.score) AS score, assessment.points
        FROM assessment.attempt JOIN assessment.assessment
            ON assessment.organization_id = $1 AND assessment.id = attempt.assessment_id
        WHERE attempt.organization_id = $1 AND attempt.enrollment_id = enrollment.id AND attempt.status = 'GRADED'
        GROUP BY assessment.id, assessment.points
    ) AS best HAVING count(*) > 0
)"""

_BADGES = """
    credentials.badge JOIN credentials.course AS opened
        ON opened.organization_id = $1 AND opened.id = badge.course_id AND opened.is_open
    LEFT JOIN credentials.progress
        ON progress.organization_id = $1 AND progress.badge_id = badge.id AND progress.user_id = {person}
    WHERE badge.organization_id = $1 AND badge.course_id = {course} AND badge.kind = 'BADGE' ORDER BY badge.id
"""

DASHBOARD = f"""
SELECT
    (SELECT display_name FROM identity."user" WHERE id = $2) AS name,
    (SELECT name FROM identity.organization WHERE id = $1) AS organization,
    (SELECT count(*) FROM catalog.enrollment WHERE organization_id = $1 AND user_id = $2) AS total,
    (SELECT json_agg(it) FROM (
        SELECT enrollment.id, enrollment.status, enrollment.progress, course.id AS course_id, course.title,
            {_GRADE} AS grade,
            (SELECT json_agg(its) FROM (
                SELECT badge.id, badge.name, coalesce(progress.ratio, 0) AS ratio, (
                    SELECT json_agg(json_build_array(
                        threshold, coalesce((progress."values" ->> criterion.id::text)::float8, 0)
                    ) ORDER BY position)
                    FROM credentials.criterion WHERE criterion.organization_id = $1 AND badge_id = badge.id
                ) AS criteria
                FROM {_BADGES.format(person="$2", course="enrollment.course_id")}
            ) AS its) AS badges
        FROM catalog.enrollment JOIN catalog.course ON course.organization_id = $1 AND course.id = course_id
        WHERE enrollment.organization_id = $1 AND user_id = $2 ORDER BY enrollment.id LIMIT $3
    ) AS it) AS enrollments,
    (SELECT json_agg(it) FROM (
        SELECT award.id, award.issued_at, award.status, award.code, badge.name
        FROM credentials.award JOIN credentials.badge ON badge.organization_id = $1 AND badge.id = badge_id
        WHERE award.organization_id = $1 AND user_id = $2 AND award.kind = 'BADGE' ORDER BY award.id LIMIT 5
    ) AS it) AS awards,
    (SELECT json_agg(json_build_array(module_ids, (
            SELECT json_agg(json_build_array(id, module_id)) FROM ai.item
            WHERE item.organization_id = $1 AND item.course_id = course.id
        )) ORDER BY enrollment.id)
        FROM ai.enrollment JOIN ai.course ON course.organization_id = $1 AND course.id = course_id AND is_open
        WHERE enrollment.organization_id = $1 AND user_id = $2
    ) AS courses,
    (SELECT array_agg(item_id ORDER BY id DESC) FROM ai.completion WHERE organization_id = $1 AND user_id = $2) AS done
"""

ITEMS = """
SELECT item.id, item.title, course.title AS course, embedding::real[] AS embedding
FROM content.item JOIN catalog.course ON course.organization_id = $1 AND course.id = item.course_id
    LEFT JOIN ai.item_vector ON $3 AND item_vector.organization_id = $1 AND item_vector.item_id = item.id
WHERE item.organization_id = $1 AND item.id = ANY ($2) ORDER BY item.id, item_vector.id
"""

COURSE_PAGE = f"""
SELECT title, description, status,
    (SELECT json_build_array(enrollment.id, progress, {_GRADE}) FROM catalog.enrollment
        WHERE organization_id = $1 AND course_id = $3 AND user_id = $2) AS enrollment,
    (SELECT json_agg(it) FROM (
        SELECT id, title, position,
            (SELECT count(*) FROM content.item
                WHERE organization_id = $1 AND module_id = module.id AND published_at IS NOT NULL) AS total,
            (SELECT json_agg(its) FROM (
                SELECT item.id, title, type, duration_minutes, difficulty, completed_at
                FROM content.item LEFT JOIN content.completion
                    ON completion.organization_id = $1 AND item_id = item.id AND user_id = $2
                WHERE item.organization_id = $1 AND module_id = module.id AND published_at IS NOT NULL
                ORDER BY item.id LIMIT 20
            ) AS its) AS items
        FROM catalog.module WHERE organization_id = $1 AND course_id = $3 ORDER BY position
    ) AS it) AS modules,
    (SELECT json_agg(it) FROM (
        SELECT id, title, passing_score, (
            SELECT json_agg(json_build_array(attempt.id, score, passed) ORDER BY attempt.id) FROM assessment.attempt
            WHERE organization_id = $1 AND assessment_id = assessment.id AND user_id = $2
        ) AS own
        FROM assessment.assessment WHERE organization_id = $1 AND course_id = $3 ORDER BY id LIMIT 10
    ) AS it) AS assessments,
    (SELECT json_agg(it) FROM (
        SELECT badge.id, badge.name, coalesce(progress.ratio, 0) AS ratio
        FROM {_BADGES.format(person="$2", course="$3")} LIMIT 5
    ) AS it) AS badges
FROM catalog.course WHERE organization_id = $1 AND id = $3
"""

GRADEBOOK = f"""
SELECT title,
    (SELECT count(*) FROM catalog.enrollment WHERE organization_id = $1 AND course_id = $2) AS total,
    (SELECT json_agg(it) FROM (
        SELECT enrollment.id, status, progress, display_name, email, {_GRADE} AS grade,
            (SELECT json_agg(json_build_array(name, ratio)) FROM (
                SELECT badge.name, coalesce(progress.ratio, 0) AS ratio
                FROM {_BADGES.format(person="enrollment.user_id", course="$2")}
            ) AS its) AS badges
        FROM catalog.enrollment JOIN identity."user" ON "user".id = user_id
        WHERE organization_id = $1 AND course_id = $2 ORDER BY enrollment.id LIMIT $3
    ) AS it) AS enrollments
FROM catalog.course WHERE organization_id = $1 AND id = $2
"""

PERSON = """
SELECT "user".id, display_name, password_hash, organization.id AS organization_id, role, slug
FROM identity."user" JOIN identity.membership ON user_id = "user".id
    JOIN identity.organization ON organization.id = organization_id AND is_active
WHERE "user".email = $1 ORDER BY membership.id LIMIT 1
"""

SESSION = """
WITH begun AS (
    INSERT INTO identity.session (id, organization_id, user_id, expires_at) VALUES ($1, $2, $3, $4)
)
INSERT INTO identity.refresh_token (id, session_id, hash, expires_at) VALUES ($5, $1, $6, $4)
"""
