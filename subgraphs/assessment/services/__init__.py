"""The rules of assessment: of the quizzes that teachers write, and of the attempts that people make at them.

Services get narrow values, and a session or what opens one; they never see a resolver's `info`. A document is read or
written between transactions, never inside: its store may be another engine, and nobody should wait for one while
holding another.
"""
