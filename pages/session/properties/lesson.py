"""What Lesson's address can say."""

from pages.session.lesson_words import STEPS
from pages.session.link import Property, Table, whole

TABLE: Table = {"step": Property("the step", whole(1, len(STEPS)), "lesson_step", 1, str)}
