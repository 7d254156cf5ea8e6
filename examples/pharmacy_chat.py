"""A pharmacy's chat: answers in, the next question or the advice out.

The chat keeps nothing between turns. Whoever shows it, a web page or a kiosk, hands back every
answer so far, and which facts were asked for in vain.

Run it with `python examples/pharmacy_chat.py`.
"""

from collections.abc import Collection, Mapping

from attrs import frozen

from crampsrules import FactsError, Triage, assess, next_questions
from crampsrules.facts import FACTS
from crampsrules.questions import Question

MOST_QUESTIONS = 12


@frozen
class Reply:
    """What the chat says, and the facts that the next answer should give."""

    says: str
    asks: tuple[str, ...] = ()


def reply(answers: Mapping[str, object], asked: Collection[str] = (), turn: int = 0) -> Reply:
    """Ask the question that matters most, or give the advice once nothing urgent is open.

    `asked` names the facts asked for already: not knowing is an answer too. A fact that cannot
    be used, such as a misspelt medicine, is asked for again.
    """
    try:
        assessment = assess(answers)
        questions = next_questions(answers, n=1, skip=asked)
    except FactsError as error:
        problems = "\n".join(f"- {problem}" for problem in error.problems)
        fields = tuple(problem.field for problem in error.problems)
        return Reply(f"I cannot use all of that:\n{problems}", asks=fields)
    enough = turn >= MOST_QUESTIONS or not questions or questions[0].could_change != "triage"
    if assessment.triage is Triage.EMERGENCY or enough:
        return Reply(str(assessment))
    return Reply(asked_in_words(questions[0]), asks=questions[0].facts)


def asked_in_words(question: Question) -> str:
    """The question with what there is to choose from: statements to tick, or one fact's members."""
    facts = [FACTS[name] for name in question.facts]
    options = [one.label for one in facts] if len(facts) > 1 else facts[0].labels.values()
    return "\n".join([question.text, *(f"- {option}" for option in options)])


def main() -> None:
    """Show a short talk with someone whose calf cramps at night."""
    answers: dict[str, object] = {"age_years": 58, "timing": ["night"], "episode_minutes": 2}
    for medicine in ("furosemid", "furosemide"):
        answers["medications"] = [medicine]
        print(f"> I take {medicine}\n{reply(answers).says}\n")
    answers["chest_pain"] = True
    print(f"> And now my chest hurts\n{reply(answers).says.partition('What to do')[0]}")


if __name__ == "__main__":
    main()
