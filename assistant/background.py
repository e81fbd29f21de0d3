"""What a reader's scores are worth in one library: how high questions score by chance there.

The more sentences a library has, the nearer the nearest one is to any question: questions
from elsewhere stay below 0.48, 19 times in 20, among the 132 sentences of the seeds, and
below 0.63 among 3,527. Another model has other cosines again. So each library is asked, when
it is built, questions that no speech answers, and a score counts by how far it rises above
theirs.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

_PROBES = """
How long should I boil an egg?
Who painted the ceiling of the Sistine Chapel?
What is the offside rule in football?
Which planet has the most moons?
How do I reset a forgotten password?
What time does the last train to the airport leave?
How many strings does a cello have?
What is the best way to remove red wine from a carpet?
Who wrote One Hundred Years of Solitude?
Is the battery of this phone replaceable?
What are the ingredients of a margherita pizza?
How tall is the Eiffel Tower?
Which actor played the joker in the film?
Can I return shoes that I have already worn?
How do plants turn light into sugar?
What is the difference between a crocodile and an alligator?
When was the first album of the band released?
How often should a cat be vaccinated?
What does the warning light on the dashboard mean?
Which university did the physicist attend?
Why is the sky blue?
How much does a return ticket cost for a child?
Who scored the winning goal in the final?
What is the boiling point of ethanol?
Does the hotel have a swimming pool?
How do I knit a scarf for beginners?
Which chess opening begins with the queen's pawn?
What personal information does the website collect?
How is cheddar cheese made?
What was the name of the ship that hit the iceberg?
Where can I buy a spare part for the washing machine?
How many chromosomes does a fruit fly have?
Which composer wrote the Moonlight Sonata?
Is this shampoo suitable for dry hair?
What is the square root of two thousand?
Who founded the department store?
How do bees find their way back to the hive?
What is the plot of the second season?
When do the tulips bloom in the park?
How do I change the oil of a motorcycle?
Which king built the cathedral?
What is the recommended dose of vitamin D?
How fast can a cheetah run?
What is the capital of Australia?
Who invented the telephone?
How do I share my calendar with a colleague?
Which team won the basketball championship last year?
What does the poem say about autumn?
How do I train a puppy not to bite?
What is the melting point of lead?
Will it rain tomorrow?
Which programming language is easiest to learn?
How deep is the Mariana Trench?
What colour were the bridesmaids' dresses?
How do I get to the nearest post office?
Who is the author of the bestselling thriller?
What is the chemical symbol of tungsten?
How long does it take to learn to play the guitar?
Which museum shows the dinosaur skeleton?
What is the shelf life of canned tomatoes?
""".strip().splitlines()


@dataclass(frozen=True)
class Background:
    """How high questions from elsewhere score, on average."""

    level: float

    def standing(self, score: float) -> float:
        """How far a score lies above the level.

        Not in standard deviations: those of sixty questions differ more between libraries
        than the scores do. With the level alone, 19 in 20 questions of SQuADShifts stand below
        0.32 in both of these libraries.
        """
        return score - self.level


def measure(best_score: Callable[[str], float]) -> Background:
    """Ask questions from elsewhere; `best_score` gives the best reading's score for each."""
    return Background(statistics.fmean(best_score(question) for question in _PROBES))
