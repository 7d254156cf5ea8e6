"""One route that assesses a patient, for Flask.

    flask --app examples/flask_app run
    curl --json @patient.json http://127.0.0.1:5000/assess

Facts travel in the body and never in the address, which servers write into their logs.
"""

from typing import Any

from flask import Flask, request

import crampsrules

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024


@app.post("/assess")
def assess() -> dict[str, Any]:
    """Answer a JSON object of facts with the whole assessment."""
    facts = crampsrules.PatientFacts.from_json(request.get_data())
    return crampsrules.assess(facts).to_dict(unknowns=False)


@app.errorhandler(crampsrules.FactsError)
def unusable(error: crampsrules.FactsError) -> tuple[dict[str, Any], int]:
    """Answer facts that cannot be used with everything that is wrong with them."""
    problems = [{"fact": one.field, "problem": one.message} for one in error.problems]
    return {"problems": problems}, 422
