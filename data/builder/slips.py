"""What two names that are one slip apart share: one letter dropped, put in, or another in its place."""


def with_one_letter_less(name: str) -> set[str]:
    """Return the name and what is left when one letter is dropped: one slip apart is to share one of these."""
    return {name, *(name[:place] + name[place + 1 :] for place in range(len(name)))}
