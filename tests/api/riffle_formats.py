"""What the formats of the API's description mean to Schemathesis: JSON Schema can only name them.

Found through SCHEMATHESIS_HOOKS by scripts/api-tests.
"""

import json

import schemathesis
from hypothesis import strategies as st

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789äß"
words = st.text(LETTERS, min_size=1, max_size=20)
bounds = st.floats(min_value=0, max_value=1e6, allow_nan=False)


@st.composite
def rule(draw):
    """One rule: a category, and any of what narrows it down."""
    written = {"category": draw(words)}
    optional = {
        "contains": st.one_of(words, st.lists(words, min_size=1, max_size=3)),
        "regex": st.sampled_from(["^rent", r"\d{4}", "a|b", "[a-z]+ market", ""]),
        "sign": st.sampled_from(["in", "out"]),
        "account": words,
    }
    for name, strategy in optional.items():
        if draw(st.booleans()):
            written[name] = draw(strategy)
    if draw(st.booleans()):
        written["min"], written["max"] = sorted([draw(bounds), draw(bounds)])
    return written


# JSON is YAML, too.
documents = st.lists(rule(), max_size=5).map(lambda rules: json.dumps({"rules": rules}, ensure_ascii=False))
schemathesis.openapi.format("riffle-rules", st.one_of(documents, st.sampled_from(["", "# none yet\n", "rules: []"])))

codes = st.lists(st.from_regex(r"[A-Z]{1,5}-[0-9]{1,4}", fullmatch=True), min_size=1, max_size=20)
schemathesis.openapi.format("riffle-codes", codes.map("\n".join))
