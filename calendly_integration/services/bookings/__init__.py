"""Bookings: make, find, cancel, reschedule; retried requests and questions."""
