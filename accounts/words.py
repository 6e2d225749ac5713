"""Kind, short, easy words for a child's sign-in name and passphrase.

Three words of 125 and two digits: 125 ** 3 * 90, about 27 bits. That holds because sign-in is
rate limited and the name must be known too; a family may choose a longer one.
"""

import secrets

WORDS = """
apple acorn amber badge basil beach bear berry bird blue bloom boat book bread breeze bridge
brook brush bunny button cake candle carrot castle cat chalk cherry cloud clover cocoa comet
cookie coral cosy cotton crayon cup daisy dance dawn deer dolphin dove dragon dream drum duck
eagle echo elm ember fable fair feather fern field finch fire flute fog forest fox friend frog
garden gentle giant glow gold goose grape grass green guitar happy harbour hare hat hazel hill
honey hope island ivory ivy jam jelly jolly juice jungle kettle kind kite kiwi lake lamp lark
leaf lemon light lily lion lucky lunar maple marble meadow melon mint moon moss mouse music nest
north nut oak ocean olive orange otter owl panda paper peach
""".split()


def suggested_username() -> str:
    return f"{secrets.choice(WORDS)}{secrets.choice(WORDS)}{secrets.randbelow(90) + 10}"


def suggested_passphrase() -> str:
    words = "-".join(secrets.choice(WORDS) for _ in range(3))
    return f"{words}-{secrets.randbelow(90) + 10}"
