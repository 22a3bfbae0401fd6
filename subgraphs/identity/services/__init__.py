"""The rules of identity. Services get narrow values and a session; they never see a resolver's `info`."""
