"""Tests of the files that Lyceum is deployed with: no container engine runs them, so all else is asked of them."""
