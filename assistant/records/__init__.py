"""Meeting records of the Security Council as PDF: words, layout, cover, interventions."""
