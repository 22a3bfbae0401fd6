"""The whole graph on one machine: embedded engines, subgraphs and router, started and stopped by `lyceum`."""
