"""Quizzes, attempts and grades."""
