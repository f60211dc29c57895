"""Words for times, Romanian and English: plain Python, without Django.

tokens → terms (vocabulary and context) → segments (grammar) → spans (resolver) → windows and a question (speech).
"""

from .reader import read
from .results import Answer, NotUnderstood, Understood, Window, Windows
from .speech import say

__all__ = ["Answer", "NotUnderstood", "Understood", "Window", "Windows", "read", "say"]
