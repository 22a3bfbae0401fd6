"""The big data set that measurements run on: 50 tenants, 200,000 people, 2,000 courses, 1,000,000 enrolments.

It is a plan, not rows: `plan` says who is where and under which id, `texts` what the items say, and each subgraph's
`volume.py` writes its own rows of it, by COPY (`copying`). So ids agree without any subgraph asking another, and
nothing of it goes through events: what consumers would have made of millions of them is written on both sides directly.
"""
