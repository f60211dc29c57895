"""Characters that people do not see, for every layer: ranges to be put into a character class of `re`.

Written as escapes, since two of these patterns are published in the OpenAPI document.
"""

CONTROL = r"\x00-\x1f\x7f-\x9f"
CONTROL_BUT_TAB_AND_LINE_ENDS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
LINE_SEPARATORS = r"\u2028\u2029"
# They set, override or isolate the direction of text.
DIRECTION = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# Soft hyphen, joiners and other characters without width. Emoji and many scripts need the joiners.
ZERO_WIDTH = r"\xad\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff"
INVISIBLE = ZERO_WIDTH + DIRECTION
# Halves of a character: JSON can spell them, but databases and pages cannot hold them.
LONE_SURROGATES = r"\ud800-\udfff"
