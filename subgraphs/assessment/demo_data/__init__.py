"""The quizzes of a fresh installation, and how people have done at them so far."""

from subgraphs.assessment.demo_data.history import HISTORY, DemoAttempt
from subgraphs.assessment.demo_data.quizzes import QUIZZES, DemoQuestion, DemoQuiz

__all__ = ["HISTORY", "QUIZZES", "DemoAttempt", "DemoQuestion", "DemoQuiz"]
