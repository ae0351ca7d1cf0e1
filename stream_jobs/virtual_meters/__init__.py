"""Meters by formula. In: ``intervals`` of real meters. Out: ``intervals`` of virtual ones."""
