"""Courses, enrolment and presence."""
