"""The rules of credentials: of badges that teachers make, of progress that facts move, and of awards.

Services get narrow values, and a session or what opens one; they never see a resolver's `info`.
"""
