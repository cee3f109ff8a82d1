"""Facts about SSA, never edits: kinds, activity, effects and aliasing, what the reverse sweep needs."""
